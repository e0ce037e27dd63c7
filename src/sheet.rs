//! Reads CSV exports as people have them, so that no odd file and no bad row stops an import.

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use std::{cmp::Reverse, collections::HashSet, io::Read};

const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|']; // the earlier one on a tie
const SAMPLE_ROWS: usize = 20; // read after the header to recognise the delimiter
const COLUMN_LIMIT: usize = 200;
const CELL_LIMIT: usize = 64 * 1024; // bytes, as UTF-8
const SHOWN_CHARACTERS: usize = 200; // of a header in an error message

/// Why a file cannot be read as a table at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Nothing but blank lines.
    #[error("the file has no header, it is empty or blank")]
    Empty,
    /// Two columns have the same name, compared after trimming and with regard to case.
    #[error("the header names the column {name:?} more than once")]
    DuplicateColumn { name: String },
    /// No column has a name; `position` (from 1) is the first of them.
    #[error("the header has only blank names, from column {position} on")]
    BlankColumn { position: usize },
    /// One column, where another delimiter would split the header (its first 200 characters).
    #[error("the delimiter {delimiter:?} makes a single column of the header {header:?}")]
    WrongDelimiter { delimiter: char, header: String },
    /// The delimiter asked for can delimit nothing: not ASCII, a quote, NUL or a line end.
    #[error("the character {delimiter:?} cannot be a delimiter")]
    UnusableDelimiter { delimiter: char },
    /// More columns than a sheet may have, which is 200.
    #[error("the header has {columns} columns, the limit is {limit}")]
    TooManyColumns { columns: usize, limit: usize },
    /// The header has a quote that is never closed, or a name longer than a cell may be, 64 KiB.
    #[error("the header cannot be read, it {reason}")]
    BadHeader { reason: String },
    /// A binary file, or UTF-16 without its byte order mark.
    #[error("the file is not text in a known encoding, it contains NUL characters")]
    NotText,
}

/// A decoded file whose header was understood.
#[derive(Debug, Clone)]
pub struct Sheet {
    text: String,
    header: Vec<String>,
    delimiter: u8,
    encoding: (&'static str, bool),
}

/// A row with as many cells as the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The first physical line of the row in the file, from 1.
    pub line: u64,
    /// The cells, untrimmed.
    pub cells: Vec<String>,
    /// The cells as CSV text with commas, without a final line end.
    pub raw: String,
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The first physical line of the row in the file, from 1.
    pub line: u64,
    /// What is wrong, to be read after "the row".
    pub reason: String,
    /// What cells there are, as CSV text with commas, without a final line end.
    pub raw: String,
}

impl Sheet {
    /// Decodes the bytes of a whole file and reads its header. Text is UTF-8, UTF-16 with a byte
    /// order mark, or else Windows-1252; bytes that break an encoding that a mark announced become
    /// U+FFFD. Without a `delimiter` the first rows tell which of `,` `;` TAB `|` it is.
    /// Fails when the file is not text, has no usable header or is split wrongly.
    pub fn open(bytes: &[u8], delimiter: Option<u8>) -> Result<Sheet, SheetError> {
        let (text, encoding) = decode(bytes);
        if text.contains('\0') {
            return Err(SheetError::NotText);
        }
        let delimiter = delimiter.unwrap_or_else(|| recognise_delimiter(&text));
        if !delimiter.is_ascii() || b"\"\r\n\0".contains(&delimiter) {
            let delimiter = char::from(delimiter);
            return Err(SheetError::UnusableDelimiter { delimiter });
        }
        Ok(Sheet { header: read_header(&text, delimiter)?, text, delimiter, encoding })
    }

    /// The column names, trimmed; a column with a blank name cannot be referred to.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The WHATWG name of the encoding, and false where Windows-1252 was only the last resort.
    pub fn encoding(&self) -> (&'static str, bool) {
        self.encoding
    }

    /// Every row after the header, good or bad, in the order of the file and without blank lines.
    pub fn rows(&self) -> impl Iterator<Item = Result<Row, BadRow>> + '_ {
        let records = records(&self.text, self.delimiter).skip(1);
        records.map(|record| record.into_row(self.header.len()))
    }
}

/// The text, and the encoding it was read in with whether there is good reason to believe it.
fn decode(bytes: &[u8]) -> (String, (&'static str, bool)) {
    let (encoding, confirmed) = match Encoding::for_bom(bytes) {
        Some((marked, _)) => (marked, true),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, true),
        None => {
            let mut detector = EncodingDetector::new();
            detector.feed(bytes, true);
            (WINDOWS_1252, detector.guess(None, false) == WINDOWS_1252)
        }
    };
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    (text.into_owned(), (encoding.name(), confirmed))
}

/// The candidate that splits the header, if any does, and agrees best with the rows after it.
fn recognise_delimiter(text: &str) -> u8 {
    let score = |candidate: &u8| {
        let mut widths = records(text, *candidate).map(|record| record.cells.len());
        let columns = widths.next().unwrap_or_default().max(1);
        let widths: Vec<usize> = widths.take(SAMPLE_ROWS).collect();
        let agreeing = widths.iter().filter(|width| **width == columns).count();
        let fits = (columns > 1, agreeing * 2 > widths.len());
        Reverse((fits, agreeing * (columns - 1), columns, agreeing))
    };
    CANDIDATES.into_iter().min_by_key(score).unwrap_or(b',')
}

fn read_header(text: &str, delimiter: u8) -> Result<Vec<String>, SheetError> {
    let first = records(text, delimiter).next().ok_or(SheetError::Empty)?;
    if let Some(reason) = first.fault() {
        return Err(SheetError::BadHeader { reason });
    }
    let (columns, limit) = (first.cells.len(), COLUMN_LIMIT);
    if columns > limit {
        return Err(SheetError::TooManyColumns { columns, limit });
    }
    let splits = |other: &u8| records(first.source, *other).any(|record| record.cells.len() > 1);
    if columns == 1 && CANDIDATES.iter().any(splits) {
        let header = first.source.chars().take(SHOWN_CHARACTERS).collect();
        let delimiter = char::from(delimiter);
        return Err(SheetError::WrongDelimiter { delimiter, header });
    }
    let header: Vec<String> = first.cells.iter().map(|c| c.trim().to_owned()).collect();
    if header.iter().all(String::is_empty) {
        return Err(SheetError::BlankColumn { position: 1 });
    }
    let mut seen = HashSet::new();
    let mut names = header.iter().filter(|name| !name.is_empty());
    match names.find(|name| !seen.insert(*name)).cloned() {
        Some(name) => Err(SheetError::DuplicateColumn { name }),
        None => Ok(header),
    }
}

/// A record as found, before it is held against the header.
struct Record<'a> {
    line: u64,
    cells: Vec<String>,
    source: &'a str, // as it stands in the file, without its line end
    unclosed: bool,  // the file ended inside a quoted cell, the last one
}

impl Record<'_> {
    fn into_row(self, columns: usize) -> Result<Row, BadRow> {
        let (line, raw, width) = (self.line, to_csv(&self.cells), self.cells.len());
        let plural = if width == 1 { "" } else { "s" };
        let ragged = || format!("has {width} column{plural}, the header has {columns}");
        if let Some(reason) = self.fault().or((width != columns).then(ragged)) {
            return Err(BadRow { line, reason, raw });
        }
        let cells = self.cells;
        Ok(Row { line, cells, raw })
    }

    /// Why no row can be made of this record, however many columns there are.
    fn fault(&self) -> Option<String> {
        let too_long = self.cells.iter().position(|cell| cell.len() > CELL_LIMIT);
        let unclosed = self.unclosed.then(|| self.cells.len().saturating_sub(1));
        let column = unclosed.or(too_long)?;
        let before = self.cells.iter().take(column);
        let line = self.line + before.map(|cell| line_breaks(cell)).sum::<u64>();
        Some(if self.unclosed {
            format!("has a quote from line {line} on that is never closed and swallows the rest")
        } else {
            format!("has a cell that begins on line {line} and is longer than {CELL_LIMIT} bytes")
        })
    }
}

/// The records of a text with the physical lines they begin on; blank lines are left out.
fn records(text: &str, delimiter: u8) -> impl Iterator<Item = Record<'_>> {
    let mut reader = lenient(text.as_bytes(), delimiter);
    let mut found = csv::StringRecord::new();
    let (mut counted, mut line) = (0, 1);
    let all = std::iter::from_fn(move || {
        let before = reader.position().byte() as usize;
        // Reading a slice cannot fail, nor can splitting text at ASCII characters spoil it.
        let more = reader.read_record(&mut found).unwrap_or(false);
        let after = reader.position().byte() as usize;
        let spanned = text.get(before..after).filter(|_| more)?;
        // The reader leaves the LF of a CR LF, and empty lines, to the following record.
        let source = spanned.trim_start_matches(['\r', '\n']);
        let start = after - source.len();
        line += line_breaks(text.get(counted..start)?);
        counted = start;
        // Inside an open quote, a further line does not make a further record.
        let extended = || lenient(source.as_bytes().chain(&b"\nx"[..]), delimiter);
        let unclosed = after == text.len() && extended().into_byte_records().count() == 1;
        Some(Record {
            line,
            cells: found.iter().map(str::to_owned).collect(),
            source: source.trim_end_matches(['\r', '\n']),
            unclosed,
        })
    });
    all.filter(|record| record.cells.len() > 1 || !record.source.trim().is_empty())
}

fn lenient<R: Read>(source: R, delimiter: u8) -> csv::Reader<R> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true);
    builder.delimiter(delimiter).from_reader(source)
}

/// How many line ends there are, each a CR, an LF or a CR LF.
fn line_breaks(text: &str) -> u64 {
    let single = text.matches(['\r', '\n']).count();
    (single - text.matches("\r\n").count()) as u64
}

fn to_csv(cells: &[String]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and text in gives text out.
    let _ = writer.write_record(cells);
    let written = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    written.trim_end_matches('\n').to_owned()
}

/// Targets, each with the other names columns have for it, after [`squash`]. Of two targets for a
/// name the first allowed one holds: "Nom" is a surname, or the name where there are no surnames.
const SPELLINGS: &str = "\
first_name givenname forename prenom nome nombre; last_name surname familyname nom nomdefamille \
apelidos apelido apellidos; name fullname contactname nomcomplet nomecompleto nombrecompleto nom \
nome nombre; email email1 emailaddress primaryemail courriel adresseemail mail correoelectronico \
correo; phones.business phone phone1 phonenumber businessphone workphone telephone telephone1 tel \
telefono; phones.mobile mobile mobilephone phone2 cellphone portable telephoneportable telephone2 \
mobil movil; phones.home homephone telephonedomicile telefonofixo; company companyname \
organization organisation accountname societe entreprise empresa; website web url websiteurl \
siteweb siteinternet sitioweb paxinaweb; linkedin_url linkedin linkedinprofile; source leadsource \
origine orixe; stage dealstage salesstage pipelinestage opportunitystage etape etapa; notes note \
comments comment remarques commentaires description notas observacions; job_title title position \
poste fonction cargo posto; city town ville cidade ciudad; country pays pais; industry sector \
secteur; employees numberofemployees employeecount headcount effectif effectifs empregados; \
estimated_value dealvalue value amount montant importe; currency currencycode devise moeda moneda";

/// Which of the `targets` (record properties or fields) each column most likely means, as pairs of
/// a column index (from 0) and a target. A target is given once, to the first column that suits;
/// indexes, identifiers and owners are never guessed, nor is anything outside `targets`.
pub fn guess_mapping(header: &[String], targets: &[&str]) -> Vec<(usize, String)> {
    let mut taken = HashSet::new();
    let guesses = header.iter().enumerate().filter_map(|(column, name)| {
        let target = likeliest_target(&squash(name), targets)?;
        taken.insert(target).then(|| (column, target.to_owned()))
    });
    guesses.collect()
}

/// The target that is spelled like the squashed `name`, or else the one it is a word for.
fn likeliest_target<'a>(name: &str, targets: &[&'a str]) -> Option<&'a str> {
    if name.is_empty() || name == "index" || name.ends_with("id") || name.ends_with("owner") {
        return None;
    }
    let spelled = |entry: &&str| entry.split(' ').skip(1).any(|spelling| spelling == name);
    let meant = SPELLINGS.split("; ").filter(spelled);
    let meant = meant.filter_map(|entry| entry.split(' ').next());
    let mut meant = meant.filter_map(|meant| targets.iter().find(|target| **target == meant));
    let itself = targets.iter().find(|target| squash(target) == name);
    itself.or_else(|| meant.next()).copied()
}

/// Lower-case letters and digits alone, without accents: "E-Mail Address" is "emailaddress".
fn squash(name: &str) -> String {
    let accented = "aàáâãäå cç eèéêë iìíîï nñ oòóôõö uùúûü";
    let plain = name.chars().flat_map(char::to_lowercase).map(|letter| {
        let group = accented.split(' ').find(|group| group.contains(letter));
        group.map_or(letter, |group| group.chars().next().unwrap_or(letter))
    });
    plain.filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header, then each row as " line:cell/cell" or " line!reason"; or the error.
    fn shown(bytes: &[u8], delimiter: Option<u8>) -> String {
        let all = |sheet: Sheet| {
            let rows = sheet.rows().map(|row| match row {
                Ok(row) => format!(" {}:{}", row.line, row.cells.join("/")),
                Err(bad) => format!(" {}!{}", bad.line, bad.reason),
            });
            sheet.header().join("/") + &rows.collect::<String>()
        };
        Sheet::open(bytes, delimiter).map_or_else(|error| error.to_string(), all)
    }

    #[test]
    fn reads_every_layout_in_every_encoding() {
        for case in [
            "n,e\r\nZoé,€\r\n\"a\r\n\r\nb\",c\r\n\r\nd,\"e\"\"\"\r\n → n/e 2:Zoé/€ 3:a\r\n\r\nb/c 7:d/e\"",
            "n,e\ra,\"b\rc\"\rd,e\r → n/e 2:a/b\rc 4:d/e",
            "\n \n n , e,\n\n  \na,b,\n,, → n/e/ 6:a/b/ 7://",
            "n;p\na;1,5\nb;\"2;5\" → n/p 2:a/1,5 3:b/2;5",
            "n;price, EUR;c\na;1,5;b\nc;2,5;d → n/price, EUR/c 2:a/1,5/b 3:c/2,5/d",
            "n\te\n\t\na,b\tc → n/e 2:/ 3:a,b/c",
            "n|e\na|b → n/e 2:a/b",
            "n\nDoe, Zoé\nb → n 2:Doe, Zoé 3:b",
            "n,e\na\nb,c,d\ne,f → n/e 2!has 1 column, the header has 2 3!has 3 columns, the header has 2 4:e/f",
            "n,e\na,b\n\"c\nd\",\"e\nf,g\n → n/e 2:a/b 3!has a quote from line 4 on that is never closed and swallows the rest",
            "n,e → n/e",
            "\r\n  \n → the file has no header, it is empty or blank",
            " , ,\na,b,c → the header has only blank names, from column 1 on",
            "n,e, n\n → the header names the column \"n\" more than once",
            "n,\"e\na → the header cannot be read, it has a quote from line 1 on that is never closed and swallows the rest",
            "n,\0\n → the file is not text in a known encoding, it contains NUL characters",
            "n,e;f\na;b → n,e/f 2:a/b → ;",
            "\"n;e\"\na → n;e 2:a → ,",
            "n,e\na,b → the delimiter ';' makes a single column of the header \"n,e\" → ;",
            "n → the character '\"' cannot be a delimiter → \"",
        ] {
            let parts: Vec<&str> = case.split(" → ").collect();
            let (file, expected) = (parts[0], parts[1]);
            let delimiter = parts.get(2).map(|given| given.as_bytes()[0]);
            let utf16 = format!("\u{feff}{file}");
            let little: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = utf16.encode_utf16().flat_map(u16::to_be_bytes).collect();
            let western = WINDOWS_1252.encode(file).0;
            for bytes in [file.as_bytes(), utf16.as_bytes(), &little, &big, &western] {
                assert_eq!(shown(bytes, delimiter), expected, "{file:?} as {bytes:x?}");
            }
        }
    }

    #[test]
    fn keeps_the_limits_and_the_raw_text() {
        let wide = shown("n,".repeat(200).as_bytes(), None);
        assert_eq!(wide, "the header has 201 columns, the limit is 200");
        let long = format!("n;e\n\"\n\";\"{}\"\na;b\n", "x".repeat(65_537));
        let found = "n/e 2!has a cell that begins on line 3 and is longer than 65536 bytes 4:a/b";
        assert_eq!(shown(long.as_bytes(), None), found);
        let sheet = Sheet::open(b"\xe9\x80;e\na;\"b,\n\"\"\"\nc", None).expect("a sheet");
        assert_eq!((&*sheet.header[0], sheet.encoding.0), ("é€", "windows-1252"));
        let raw = |row: Result<Row, BadRow>| row.map_or_else(|bad| bad.raw, |good| good.raw);
        assert!(sheet.rows().map(raw).eq(["a,\"b,\n\"\"\"", "c"]));
    }

    #[test]
    fn guesses_what_columns_mean() {
        let targets = "name email phones.business phones.mobile score first_name last_name company \
            website source stage notes job_title city country employees estimated_value";
        let targets: Vec<&str> = targets.split(' ').collect();
        for case in [
            "Index,Account Id,Lead Owner,First Name,Last Name,Company,Phone 1,Phone 2,Email 1,\
            Email 2,Website,Source,Deal Stage,Notes → 3:first_name 4:last_name 5:company \
            6:phones.business 7:phones.mobile 8:email 10:website 11:source 12:stage 13:notes",
            "Index,Organization Id,Name,Website,Country,Description,Founded,Industry,\
            Number of employees,UpdatedAt → 2:name 3:website 4:country 5:notes 8:employees",
            "ContactID,FullName,Email,Phone,City,State,Country → 1:name 2:email 3:phones.business 4:city 6:country",
            "Prénom,Nom,Nom complet,Courriel,Téléphone,Portable,Société → \
            0:first_name 1:last_name 2:name 3:email 4:phones.business 5:phones.mobile 6:company",
            "Nome,Apelidos,Empresa,Correo electrónico,Teléfono,Móbil → \
            0:first_name 1:last_name 2:company 3:email 4:phones.business 5:phones.mobile",
            "E-mail,E-Mail Address,Business phone,Mobile phone,Mobile,Lead Source,SCORE,, → \
            0:email 2:phones.business 3:phones.mobile 5:source 6:score",
        ] {
            let (header, expected) = case.split_once(" →").expect("an arrow");
            let header: Vec<String> = header.split(',').map(str::to_owned).collect();
            let guesses = guess_mapping(&header, &targets);
            let guessed = guesses.iter().map(|(at, target)| format!(" {at}:{target}"));
            assert_eq!(guessed.collect::<String>(), expected);
        }
        assert!(guess_mapping(&["Nom".into()], &["name"]) == [(0, "name".to_owned())]);
    }
}
