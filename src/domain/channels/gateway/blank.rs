//! Blanks in a request: `{{ to }}`. What fills one is put where the blank stands, and is nothing but text there.

/// What can stand in a blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blank {
    /// The number with `+` and country.
    To,
    /// The same without the `+`.
    ToDigits,
    /// Whom it comes from.
    From,
    /// What it says.
    Body,
    /// The id of the message, the same for each attempt.
    Id,
    /// The gateway's secret.
    Secret,
}

impl Blank {
    /// All of them.
    pub const ALL: [Blank; 6] = [Blank::To, Blank::ToDigits, Blank::From, Blank::Body, Blank::Id, Blank::Secret];

    /// Its word between the braces.
    pub fn name(self) -> &'static str {
        match self {
            Blank::To => "to",
            Blank::ToDigits => "to_digits",
            Blank::From => "from",
            Blank::Body => "body",
            Blank::Id => "id",
            Blank::Secret => "secret",
        }
    }
}

/// What a text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it stands.
    Text(&'a str),
    /// To be filled in.
    Blank(Blank),
}

/// The pieces of a text; an error says what is wrong with it.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, behind)) = rest.split_once("{{") {
        let (name, after) = behind.split_once("}}").ok_or("a blank begins with {{ and never ends")?;
        let found = Blank::ALL.into_iter().find(|blank| blank.name() == name.trim());
        let names = || Blank::ALL.map(Blank::name).join(", ");
        let shown: String = name.trim().chars().take(40).collect();
        let found = found.ok_or_else(|| format!("there is no blank `{shown}`; there are {}", names()))?;
        pieces.extend((!before.is_empty()).then_some(Piece::Text(before)));
        pieces.push(Piece::Blank(found));
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Text(rest)));
    Ok(pieces)
}

/// The text with its blanks filled in. What fills them is not looked at for blanks. One that is no text stays as it stands.
pub fn fill(text: &str, with: &dyn Fn(Blank) -> String) -> String {
    let Ok(pieces) = pieces(text) else { return text.to_owned() };
    let filled = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => text.to_owned(),
        Piece::Blank(blank) => with(blank),
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blank_is_filled_in_once_and_what_fills_it_is_text() {
        let with = |blank: Blank| match blank {
            Blank::To => "+34600123456".to_owned(),
            Blank::Body => "{{ secret }} {{to}}".to_owned(),
            other => format!("<{}>", other.name()),
        };
        for (text, filled) in [
            ("", ""),
            ("{{to}}", "+34600123456"),
            ("a {{ body }} b", "a {{ secret }} {{to}} b"),
            ("{{id}}{{ secret }}", "<id><secret>"),
            ("{ {to} } }}", "{ {to} } }}"),
        ] {
            assert_eq!(fill(text, &with), filled, "{text}");
        }
        assert!(pieces("{{ record.name }}").unwrap_err().contains("record.name"));
        assert!(pieces("{{ to").is_err() && pieces("{{ to }} {{").is_err());
    }
}
