//! CSV as people have it, and what its cells mean for a record.

use std::collections::BTreeMap;

use relance::domain::given::Given;
use relance::domain::import::ImportRequest;
use relance::domain::record::schema::RecordType;
use relance::import::mapping::{Columns, targets};
use relance::sheet::Sheet;

/// How it is read, and the file.
pub fn run(bytes: &[u8]) {
    let Some((choice, file)) = bytes.split_first() else { return };
    let delimiter = [None, Some(b','), Some(b';'), Some(b'\t')][usize::from(choice % 4)];
    let kind = RecordType::BUILT_IN[usize::from(choice >> 2) % RecordType::BUILT_IN.len()];
    let given = Given::default();
    let Ok(sheet) = Sheet::open(file, delimiter) else { return };
    let header = sheet.header();
    assert!(!header.is_empty() && header.len() <= 200);
    let named = header.iter().filter(|name| !name.is_empty());
    let mapping: BTreeMap<String, String> = named
        .zip(targets(&given.catalogue, kind).into_iter().cycle().skip(usize::from(choice >> 4)))
        .map(|(column, target)| (column.clone(), target.into()))
        .collect();
    let external_id = header.first().filter(|name| !name.is_empty() && choice & 1 == 1).cloned();
    let guessed = ImportRequest { kind, mapping: None, delimiter, external_id: None };
    let mapped = ImportRequest { kind, mapping: Some(mapping), delimiter, external_id };
    let columns: Vec<Columns> =
        [guessed, mapped].iter().filter_map(|one| Columns::of(one, header, &given.catalogue).ok()).collect();
    let mut before = 0;
    for row in sheet.rows() {
        let line = row.as_ref().map_or_else(|bad| bad.line, |row| row.line);
        assert!(line > before, "line {line} follows line {before}");
        before = line;
        let Ok(row) = row else { continue };
        assert_eq!(row.cells.len(), header.len());
        for columns in &columns {
            let _ = columns.external_id(&row);
            for mut change in columns.changes(&row).unwrap_or_default() {
                let _ = change.check(kind, &given);
            }
        }
    }
}
