//! What somebody has written themselves: a reply's text without what it quotes, and without what the mail program adds.

use super::words::{CLIENT_SIGNATURES, FORWARD_MARKS, fold, has_any};

/// Names in the block of headers that mail programs put above a quote.
const HEADER_NAMES: &[&str] = &[
    "from",
    "sent",
    "date",
    "to",
    "cc",
    "subject",
    "de",
    "expediteur",
    "envoye",
    "a",
    "objet",
    "remitente",
    "enviado",
    "enviado el",
    "enviado o",
    "data",
    "fecha",
    "para",
    "asunto",
    "von",
    "gesendet",
    "datum",
    "an",
    "betreff",
];

/// What stands between dashes above a quote.
const ORIGINAL: &[&str] = &[
    "original message",
    "mail original",
    "ursprungliche mail",
    "ursprungliche e-mail",
    "original appointment",
    "message d'origine",
    "message original",
    "mensaxe orixinal",
    "mensaje original",
    "mensagem original",
    "ursprungliche nachricht",
    "originalnachricht",
    "original-nachricht",
];

/// That somebody wrote what follows.
const VERBS: &[&str] = &["wrote", "a ecrit", "escribiu", "escribio", "schrieb"];

/// How the line above a quote begins, and how it ends.
const ATTRIBUTIONS: [(&[&str], &[&str]); 5] = [
    (&["on ", "at "], &["wrote:", "writes:"]),
    (&["le ", "el ", "en date du "], &["a ecrit :", "a ecrit:", "ecrivait :", "escribio:", "escribio :"]),
    (&["o ", "a ", "el ", "en ", "no "], &["escribiu:", "escribiu :", "escribio:", "escribio :", "escreveu:"]),
    (&["am "], &["schrieb:", "geschrieben:"]),
    (&[""], &["> wrote:", "> a ecrit :", "> a ecrit:", ">) escribiu:", ">) escribio:", "> schrieb:"]),
];

/// A text as it was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// What somebody wrote themselves.
    pub own: String,
    /// Whether something is quoted.
    pub quotes: bool,
    /// Whether what follows was passed on, as a program does that forwards.
    pub forwards: bool,
}

/// Takes a plain text apart.
pub fn written(text: &str) -> Written {
    let lines: Vec<&str> = text.lines().collect();
    let folded: Vec<String> = lines.iter().map(|line| fold(line).trim().to_owned()).collect();
    let mut written = Written::default();
    let mut own: Vec<&str> = Vec::new();
    let mut place = 0;
    while place < lines.len() {
        let line = folded[place].as_str();
        if line.starts_with('>') {
            written.quotes = true;
        } else if has_any(line, FORWARD_MARKS) && line.len() < 80 {
            (written.quotes, written.forwards) = (true, true);
            break;
        } else if begins_quote(&folded[place..]) {
            written.quotes = true;
            break;
        } else if let Some(length) = attribution(&folded[place..]) {
            written.quotes = true;
            place += length;
            // An answer between the lines of the quote goes on below it; a quote without marks is the rest.
            if !folded[place..].iter().any(|line| line.starts_with('>')) {
                break;
            }
            continue;
        } else {
            own.push(lines[place]);
        }
        place += 1;
    }
    written.own = without_signature(&own).trim().to_owned();
    written
}

/// Whether these lines begin with what stands above a quote that goes to the end.
fn begins_quote(lines: &[String]) -> bool {
    let line = lines[0].as_str();
    let dashed = line.starts_with("--") || line.starts_with("__");
    if dashed && has_any(line, ORIGINAL) {
        return true;
    }
    // Notes names the writer there.
    if line.starts_with("-----") && line.ends_with("-----") && VERBS.iter().any(|verb| line.contains(verb)) {
        return true;
    }
    let is_rule = line.len() >= 10 && line.bytes().all(|byte| byte == b'_' || byte == b'-');
    if !is_rule && !is_header(line) {
        return false;
    }
    let written = lines[usize::from(is_rule)..].iter().filter(|line| !line.is_empty());
    written.take(3).filter(|line| is_header(line)).count() == 3
}

fn is_header(line: &str) -> bool {
    let name = line.split_once(':').map(|(name, _)| name.trim_matches(['*', ' ']));
    name.is_some_and(|name| HEADER_NAMES.contains(&name))
}

/// How many lines the line above a quote takes: programs break it where it gets long.
fn attribution(lines: &[String]) -> Option<usize> {
    let mut whole = String::new();
    for (length, line) in lines.iter().take(4).enumerate() {
        if length > 0 && (line.is_empty() || line.starts_with('>')) {
            return None;
        }
        whole.push_str(line);
        let ends = |ends: &[&str]| ends.iter().any(|end| whole.ends_with(end));
        let tells_when = whole.bytes().any(|byte| byte.is_ascii_digit()) || whole.contains('@');
        let meets = |(begins, ends_with): &(&[&str], &[&str])| {
            begins.iter().any(|begin| whole.starts_with(begin)) && (ends(ends_with) || ends_named(&whole))
        };
        if tells_when && whole.len() < 400 && ATTRIBUTIONS.iter().any(meets) {
            return Some(length + 1);
        }
        whole.push(' ');
    }
    None
}

/// German programs name the writer behind the verb: `Am 3. März 2026 um 09:12 schrieb Ada <ada@example.org>:`.
fn ends_named(line: &str) -> bool {
    line.starts_with("am ") && line.ends_with(':') && line.contains(" schrieb ")
}

/// The lines up to the signature.
fn without_signature(lines: &[&str]) -> String {
    let is_signature = |line: &&str| {
        let folded = fold(line);
        let folded = folded.trim();
        folded == "--" || (folded.len() < 80 && CLIENT_SIGNATURES.iter().any(|begin| folded.starts_with(begin)))
    };
    let end = lines.iter().position(is_signature).unwrap_or(lines.len());
    lines[..end].join("\n")
}

/// HTML as plain text, with a line for each block, and marks before what programs quote without saying so in words.
pub fn plain(html: &str) -> String {
    const MARK: &str = "<br>----- Original Message -----<br>";
    const QUOTES: [&str; 6] = [
        "<blockquote type=\"cite\"",
        "<div id=\"appendonsend\"",
        "<div id=\"divrplyfwdmsg\"",
        "<div id=\"mail-editor-reference-message-container\"",
        "<div style=\"border:none;border-top:solid #e1e1e1",
        "<div style=\"border:none;border-top:solid #b5c4df",
    ];
    const BLOCKS: [&str; 8] = ["<div", "</div", "<blockquote", "</blockquote", "<tr", "<li", "<hr", "<p"];
    let lower = html.to_ascii_lowercase();
    let mut broken = String::with_capacity(html.len() + html.len() / 4);
    let mut from = 0;
    for (place, _) in lower.match_indices('<') {
        let here = &lower[place..];
        let before = match () {
            () if QUOTES.iter().any(|quote| here.starts_with(quote)) => MARK,
            () if BLOCKS.iter().any(|block| here.starts_with(block)) => "<br>",
            () => continue,
        };
        broken.push_str(&html[from..place]);
        broken.push_str(before);
        from = place;
    }
    broken.push_str(&html[from..]);
    mail_parser::decoders::html::html_to_text(&broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, own: &str) {
        let written = written(text);
        assert_eq!((written.own.as_str(), written.quotes, written.forwards), (own, true, false), "{text}");
    }

    #[test]
    fn what_the_common_programs_quote_is_left_out() {
        for attribution in [
            "On Tue, 3 Mar 2026 at 09:12, Sam Seller <sam@example.org> wrote:",
            "On 3 Mar 2026, at 09:12, Sam Seller <sam@example.org>\nwrote:",
            "Le mar. 3 mars 2026 à 09:12, Sam Seller <sam@example.org> a écrit :",
            "Le 03/03/2026 à 09:12, Sam Seller a écrit\u{a0}:",
            "El mar, 3 mar 2026 a las 9:12, Sam Seller (<sam@example.org>) escribió:",
            "O mar, 3 mar 2026 ás 9:12, Sam Seller (<sam@example.org>) escribiu:",
            "Am Di., 3. März 2026 um 09:12 Uhr schrieb Sam Seller <sam@example.org>:",
            "Am 03.03.26 um 09:12 schrieb Sam Seller:",
        ] {
            check(&format!("Yes, please.\n\n{attribution}\n> Shall we talk?\n"), "Yes, please.");
            check(&format!("Yes, please.\n\n{attribution}\n\nShall we talk?\n"), "Yes, please.");
        }
        for block in [
            "________________________________\nFrom: Sam Seller <sam@example.org>\nSent: Tuesday\nTo: Ada\nSubject: Hello",
            "-----Original Message-----\nFrom: Sam\nSent: Tuesday",
            "De : Sam Seller <sam@example.org>\nEnvoyé : mardi 3 mars 2026 09:12\nÀ : Ada\nObjet : Bonjour",
            "De: Sam Seller\nEnviado: martes, 3 de marzo de 2026 9:12\nPara: Ada\nAsunto: Hola",
            "Von: Sam Seller <sam@example.org>\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Ada\nBetreff: Hallo",
            "-------- Ursprüngliche Nachricht --------\nVon: Sam\nDatum: 03.03.26",
            "-------- Mensaxe orixinal --------\nDe: Sam",
        ] {
            check(&format!("Si.\n\n{block}\n\nShall we talk?\n"), "Si.");
        }
    }

    #[test]
    fn an_answer_between_the_lines_of_a_quote_is_kept() {
        let text =
            "On 3 Mar 2026 at 09:12, Sam wrote:\n> Do you have time?\n\nYes.\n\n> And a budget?\n\nNo.\n-- \nAda";
        check(text, "Yes.\n\n\nNo.");
    }

    #[test]
    fn what_a_telephone_adds_is_no_answer() {
        assert_eq!(written("Baja\n\nEnviado desde mi iPhone").own, "Baja");
        assert_eq!(written("Abmelden\n\nVon meinem iPhone gesendet").own, "Abmelden");
    }

    #[test]
    fn a_text_without_a_quote_is_whole() {
        let text = "On Monday I wrote: nothing.\nFrom: here to there it goes.";
        assert_eq!(written(text), Written { own: text.into(), quotes: false, forwards: false });
    }

    #[test]
    fn html_is_broken_into_lines_and_its_quote_is_found() {
        let html = "<div dir=\"ltr\">Yes&nbsp;please</div><div>Ada</div><blockquote type=\"cite\"><div>Shall we?</div></blockquote>";
        let written = written(&plain(html));
        assert_eq!(written.own.split_whitespace().collect::<Vec<_>>().join(" "), "Yes please Ada");
        assert!(written.quotes);
    }
}
