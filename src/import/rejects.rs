//! Rows that did not go in, where they name a person who is erased: the line stays, what it said goes.

use std::fs::{self, File};
use std::path::Path;

use super::Imports;
use crate::domain::record::profile::Profile;

/// Stands where a row stood that named an erased person.
const ERASED: &str = "a person in this row was erased";

impl Imports {
    /// Takes a person out of the rejected rows of all jobs that have ended. Durable on return. Blocking.
    ///
    /// A job that runs keeps its file and its rejected rows until it ends.
    pub fn forget(&self, profile: &Profile) -> std::io::Result<()> {
        let person = Person::of(profile);
        let mut rewritten = false;
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let job = name.strip_suffix(".rejects.csv");
            let runs = job.is_some_and(|job| self.folder.join(format!("{job}.csv")).exists());
            if job.is_some() && !runs {
                rewritten |= person.take_out_of(&path)?;
            }
        }
        if rewritten { File::open(&self.folder)?.sync_all() } else { Ok(()) }
    }
}

/// What a row names a person by.
struct Person {
    /// Each alone: address, external id, phone numbers, profile.
    values: Vec<String>,
    /// All together: the words of the name.
    name: Vec<String>,
}

impl Person {
    fn of(profile: &Profile) -> Person {
        let values = [&profile.email, &profile.external_id, &profile.linkedin_url].into_iter().flatten();
        let values = values.chain(profile.phones.values()).map(|value| value.trim().to_lowercase());
        let name = profile.display_name().to_lowercase();
        Person {
            values: values.filter(|value| !value.is_empty()).collect(),
            name: name.split_whitespace().map(str::to_owned).collect(),
        }
    }

    fn is_in(&self, row: &str) -> bool {
        let row = row.to_lowercase();
        let mut cells = row.split([',', ';', '\t', '|', '\n']).map(|cell| cell.trim().trim_matches('"'));
        let words: Vec<&str> = row.split(|c: char| !c.is_alphanumeric()).collect();
        let named = !self.name.is_empty()
            && self
                .name
                .iter()
                .all(|part| part.split(|c: char| !c.is_alphanumeric()).all(|word| words.contains(&word)));
        named || cells.any(|cell| self.values.iter().any(|value| value == cell))
    }

    /// Whether anything was in it.
    fn take_out_of(&self, path: &Path) -> std::io::Result<bool> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path)?;
        let draft = path.with_extension("new");
        let mut writer = csv::WriterBuilder::new().flexible(true).from_path(&draft)?;
        let mut found = false;
        for row in reader.byte_records() {
            let row = row?;
            if row.iter().any(|cell| self.is_in(&String::from_utf8_lossy(cell))) {
                found = true;
                writer.write_record([row.get(0).unwrap_or_default(), ERASED.as_bytes(), b""])?;
            } else {
                writer.write_byte_record(&row)?;
            }
        }
        let written = writer.into_inner().map_err(|error| error.into_error())?;
        if !found {
            return fs::remove_file(draft).map(|()| false);
        }
        written.sync_all()?;
        fs::rename(draft, path).map(|()| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::record::schema::{Change, Phone};

    #[test]
    fn a_row_that_names_the_person_is_found_and_others_stay() {
        let mut profile = Profile::default();
        for change in [
            Change::Name(Some("Ada O'Neill-Lovelace".into())),
            Change::Email(Some("ada@example.org".into())),
            Change::Phone(Phone::Mobile, Some("+34 600 1".into())),
            Change::ExternalId(Some("7".into())),
        ] {
            profile.set(&change);
        }
        let person = Person::of(&profile);
        for row in ["x,ADA@example.org,y", "a;\"+34 600 1\";b", "7,other", "Lovelace,O'Neill,Dr. Ada"] {
            assert!(person.is_in(row), "{row}");
        }
        for row in ["17,other", "ada,byron", "bada@example.org", "", "+34 600 12"] {
            assert!(!person.is_in(row), "{row}");
        }
        assert!(!Person::of(&Profile::default()).is_in(""), "nobody is in no row");

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.rejects.csv");
        fs::write(&path, "line,reason,row\n2,no type,\"Ada,ada@example.org\"\n3,\"a, b\",\"Bob,b@example.org\"\n")
            .unwrap();
        assert!(person.take_out_of(&path).unwrap() && !person.take_out_of(&path).unwrap());
        let kept = fs::read_to_string(&path).unwrap();
        assert_eq!(kept, format!("line,reason,row\n2,{ERASED},\n3,\"a, b\",\"Bob,b@example.org\"\n"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft stays");
    }
}
