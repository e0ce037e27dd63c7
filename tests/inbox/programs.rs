//! The common mail programs, each in its own shape: headers, encodings, and how a quote is announced in each language.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::letters::{Language, SENT};

/// Our message that is answered.
pub const STEP: &str = "019591d2-8f00-7abc-8def-012345600007";
/// Our address.
pub const OURS: &str = "sam@example.org";

/// A message to be wrapped.
#[derive(Clone, Copy)]
pub struct Letter<'a> {
    pub language: Language,
    pub text: &'a str,
    /// What stands before the subject.
    pub prefix: &'a str,
    /// Further header lines, each with its end.
    pub headers: &'a str,
    pub from: &'a str,
}

/// How a program encodes a body.
#[derive(Clone, Copy)]
pub enum Body {
    Plain8Bit,
    PlainQuotedLatin,
    PlainBase64,
    HtmlOnly,
    Alternative,
}

/// How a program quotes.
#[derive(Clone, Copy)]
pub enum Quote {
    /// A line per language above lines with `>`.
    Marked([&'static str; 5]),
    /// The same above a text without marks.
    Unmarked([&'static str; 5]),
    /// A block of headers or a rule, and the text as it was.
    Block([&'static str; 5]),
}

/// A mail program.
pub struct Program {
    pub name: &'static str,
    pub message_id: &'static str,
    pub headers: &'static str,
    pub body: Body,
    pub quote: Quote,
    /// What it adds below by itself.
    pub signature: [&'static str; 5],
    /// What it puts before the subject of an answer.
    pub re: [&'static str; 5],
}

const RE: [&str; 5] = ["Re: "; 5];
const NONE: [&str; 5] = [""; 5];

const OUTLOOK: [&str; 5] = [
    "From: Sam Seller <sam@example.org>\nSent: Tuesday, March 3, 2026 9:12 AM\nTo: Ada Lovelace <ada@example.net>\nSubject: Your visit",
    "De : Sam Seller <sam@example.org>\nEnvoyé : mardi 3 mars 2026 09:12\nÀ : Ada Lovelace <ada@example.net>\nObjet : Votre visite",
    "De: Sam Seller <sam@example.org>\nEnviado o: martes, 3 de marzo de 2026 9:12\nPara: Ada Lovelace <ada@example.net>\nAsunto: A súa visita",
    "De: Sam Seller <sam@example.org>\nEnviado el: martes, 3 de marzo de 2026 9:12\nPara: Ada Lovelace <ada@example.net>\nAsunto: Su visita",
    "Von: Sam Seller <sam@example.org>\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Ada Lovelace <ada@example.net>\nBetreff: Ihr Besuch",
];

const RULE: [&str; 5] = [
    "________________________________\nFrom: Sam Seller <sam@example.org>\nSent: Tuesday, March 3, 2026 9:12 AM\nTo: Ada Lovelace <ada@example.net>\nSubject: Your visit",
    "________________________________\nDe : Sam Seller <sam@example.org>\nEnvoyé : mardi 3 mars 2026 09:12\nÀ : Ada Lovelace <ada@example.net>\nObjet : Votre visite",
    "________________________________\nDe: Sam Seller <sam@example.org>\nEnviado: martes, 3 de marzo de 2026 9:12\nPara: Ada Lovelace <ada@example.net>\nAsunto: A súa visita",
    "________________________________\nDe: Sam Seller <sam@example.org>\nEnviado: martes, 3 de marzo de 2026 9:12\nPara: Ada Lovelace <ada@example.net>\nAsunto: Su visita",
    "________________________________\nVon: Sam Seller <sam@example.org>\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Ada Lovelace <ada@example.net>\nBetreff: Ihr Besuch",
];

/// The programs that people answer with.
pub const PROGRAMS: [Program; 15] = [
    Program {
        name: "Gmail",
        message_id: "CAF4+kP=r2f7ZtG@mail.example.net",
        headers: "X-Gm-Message-State: AOJu0Yx\n",
        body: Body::Alternative,
        quote: Quote::Marked([
            "On Tue, Mar 3, 2026 at 9:12 AM Sam Seller <sam@example.org> wrote:",
            "Le mar. 3 mars 2026 à 09:12, Sam Seller <sam@example.org> a écrit :",
            "O mar, 3 mar 2026 ás 9:12, Sam Seller (<sam@example.org>) escribiu:",
            "El mar, 3 mar 2026 a las 9:12, Sam Seller (<sam@example.org>)\nescribió:",
            "Am Di., 3. März 2026 um 09:12 Uhr schrieb Sam Seller <\nsam@example.org>:",
        ]),
        signature: NONE,
        re: RE,
    },
    Program {
        name: "Outlook",
        message_id: "DB9PR04MB8123.eurprd04@example.net",
        headers: "Thread-Topic: visit\nThread-Index: AQHbjA==\nX-MS-Has-Attach:\nX-MS-TNEF-Correlator:\n",
        body: Body::PlainQuotedLatin,
        quote: Quote::Block(OUTLOOK),
        signature: NONE,
        re: ["RE: ", "RE: ", "RE: ", "RE: ", "AW: "],
    },
    Program {
        name: "Outlook on the web",
        message_id: "AM0PR05MB4321.eurprd05@example.net",
        headers: "Thread-Index: AQHbjB==\n",
        body: Body::HtmlOnly,
        quote: Quote::Block(RULE),
        signature: NONE,
        re: ["Re: ", "RE: ", "Re: ", "Re: ", "AW: "],
    },
    Program {
        name: "Outlook for telephones",
        message_id: "VI1PR02MB1111.eurprd02@example.net",
        headers: "X-MS-Has-Attach:\n",
        body: Body::PlainBase64,
        quote: Quote::Block(RULE),
        signature: [
            "Get Outlook for iOS<https://aka.example/o0ukef>",
            "Obtenir Outlook pour iOS<https://aka.example/o0ukef>",
            "Obter Outlook para iOS<https://aka.example/o0ukef>",
            "Obtener Outlook para iOS<https://aka.example/o0ukef>",
            "Outlook für iOS<https://aka.example/o0ukef> beziehen",
        ],
        re: ["Re: ", "Re: ", "Re: ", "Re: ", "AW: "],
    },
    Program {
        name: "Apple Mail",
        message_id: "A1B2C3D4-0001-4F00-8A00-1234567890AB@example.net",
        headers: "X-Mailer: Apple Mail (2.3826.400.131)\n",
        body: Body::Plain8Bit,
        quote: Quote::Marked([
            "> On 3 Mar 2026, at 09:12, Sam Seller <sam@example.org> wrote:",
            "> Le 3 mars 2026 à 09:12, Sam Seller <sam@example.org> a écrit :",
            "> O 3 mar 2026, ás 09:12, Sam Seller <sam@example.org> escribiu:",
            "> El 3 mar 2026, a las 9:12, Sam Seller <sam@example.org> escribió:",
            "> Am 03.03.2026 um 09:12 schrieb Sam Seller <sam@example.org>:",
        ]),
        signature: NONE,
        re: RE,
    },
    Program {
        name: "iPhone",
        message_id: "7D2C33E0-AAAA-4BBB-8CCC-0123456789AB@example.net",
        headers: "X-Mailer: iPhone Mail (22D72)\n",
        body: Body::HtmlOnly,
        quote: Quote::Marked([
            "On 3 Mar 2026, at 09:12, Sam Seller &lt;sam@example.org&gt; wrote:",
            "Le 3 mars 2026 à 09:12, Sam Seller &lt;sam@example.org&gt; a écrit :",
            "O 3 mar 2026, ás 09:12, Sam Seller &lt;sam@example.org&gt; escribiu:",
            "El 3 mar 2026, a las 9:12, Sam Seller &lt;sam@example.org&gt; escribió:",
            "Am 03.03.2026 um 09:12 schrieb Sam Seller &lt;sam@example.org&gt;:",
        ]),
        signature: [
            "Sent from my iPhone",
            "Envoyé de mon iPhone",
            "Enviado desde o meu iPhone",
            "Enviado desde mi iPhone",
            "Von meinem iPhone gesendet",
        ],
        re: RE,
    },
    Program {
        name: "Thunderbird",
        message_id: "0b7c1a52-3333-4444-9555-aabbccddeeff@example.net",
        headers: "User-Agent: Mozilla Thunderbird\nContent-Language: en-GB\n",
        body: Body::Plain8Bit,
        quote: Quote::Marked([
            "On 03/03/2026 09:12, Sam Seller wrote:",
            "Le 03/03/2026 à 09:12, Sam Seller a écrit :",
            "O 03/03/26 ás 09:12, Sam Seller escribiu:",
            "El 3/3/26 a las 9:12, Sam Seller escribió:",
            "Am 03.03.26 um 09:12 schrieb Sam Seller:",
        ]),
        signature: NONE,
        re: RE,
    },
    Program {
        name: "Yahoo",
        message_id: "1234567890.987654.1741000000000@mail.example.net",
        headers: "X-Mailer: WebService/1.1.23369 YMailNovation\n",
        body: Body::PlainBase64,
        quote: Quote::Unmarked([
            "    On Tuesday, March 3, 2026 at 09:12:00 AM GMT+1, Sam Seller <sam@example.org> wrote:  ",
            "    Le mardi 3 mars 2026 à 09:12:00 UTC+1, Sam Seller <sam@example.org> a écrit :  ",
            "    O martes, 3 de marzo de 2026, 09:12:00 CET, Sam Seller <sam@example.org> escribiu:  ",
            "    El martes, 3 de marzo de 2026, 09:12:00 CET, Sam Seller <sam@example.org> escribió:  ",
            "    Am Dienstag, 3. März 2026 um 09:12:00 MEZ hat Sam Seller <sam@example.org> Folgendes geschrieben:  ",
        ]),
        signature: NONE,
        re: ["Re: ", "Re: ", "Re: ", "Re: ", "Re: "],
    },
    Program {
        name: "Zimbra",
        message_id: "1029384756.1122.1741000000000.JavaMail.zimbra@example.net",
        headers: "X-Mailer: Zimbra 8.8.15_GA_4372 (ZimbraWebClient)\n",
        body: Body::Plain8Bit,
        quote: Quote::Block([
            "----- Original Message -----\nFrom: \"Sam Seller\" <sam@example.org>\nTo: \"Ada\" <ada@example.net>",
            "----- Mail original -----\nDe: \"Sam Seller\" <sam@example.org>\nÀ: \"Ada\" <ada@example.net>",
            "----- Mensaxe orixinal -----\nDe: \"Sam Seller\" <sam@example.org>\nPara: \"Ada\" <ada@example.net>",
            "----- Mensaje original -----\nDe: \"Sam Seller\" <sam@example.org>\nPara: \"Ada\" <ada@example.net>",
            "----- Ursprüngliche Mail -----\nVon: \"Sam Seller\" <sam@example.org>\nAn: \"Ada\" <ada@example.net>",
        ]),
        signature: NONE,
        re: RE,
    },
    Program {
        name: "K-9 Mail",
        message_id: "F00DCAFE-1234-4567-89AB-CDEF01234567@example.net",
        headers: "User-Agent: K-9 Mail for Android\n",
        body: Body::PlainBase64,
        quote: Quote::Marked([
            "On 3 March 2026 09:12:00 CET, Sam Seller <sam@example.org> wrote:",
            "Le 3 mars 2026 09:12:00 GMT+01:00, Sam Seller <sam@example.org> a écrit :",
            "O 3 de marzo de 2026 09:12:00 CET, Sam Seller <sam@example.org> escribiu:",
            "El 3 de marzo de 2026 9:12:00 CET, Sam Seller <sam@example.org> escribió:",
            "Am 3. März 2026 09:12:00 MEZ schrieb Sam Seller <sam@example.org>:",
        ]),
        signature: NONE,
        re: RE,
    },
    Program {
        name: "Notes",
        message_id: "OF1A2B3C4D.5E6F7A8B-ONC1258C44@example.net",
        headers: "X-Mailer: HCL Notes Release 12.0.2\n",
        body: Body::PlainQuotedLatin,
        quote: Quote::Block([
            "-----\"Sam Seller\" <sam@example.org> wrote: -----\nTo: ada@example.net\nFrom: \"Sam Seller\" <sam@example.org>\nDate: 03/03/2026 09:12\nSubject: Visit",
            "-----\"Sam Seller\" <sam@example.org> a écrit : -----\nÀ : ada@example.net\nDe : \"Sam Seller\" <sam@example.org>\nDate : 03/03/2026 09:12\nObjet : Visite",
            "-----\"Sam Seller\" <sam@example.org> escribiu: -----\nPara: ada@example.net\nDe: \"Sam Seller\" <sam@example.org>\nData: 03/03/2026 09:12\nAsunto: Visita",
            "-----\"Sam Seller\" <sam@example.org> escribió: -----\nPara: ada@example.net\nDe: \"Sam Seller\" <sam@example.org>\nFecha: 03/03/2026 09:12\nAsunto: Visita",
            "-----\"Sam Seller\" <sam@example.org> schrieb: -----\nAn: ada@example.net\nVon: \"Sam Seller\" <sam@example.org>\nDatum: 03.03.2026 09:12\nBetreff: Besuch",
        ]),
        signature: NONE,
        re: ["Re: ", "Réf. : ", "Re: ", "Re: ", "Antwort: "],
    },
    Program {
        name: "GMX",
        message_id: "trinity-0a1b2c3d-4e5f-4a6b-8c7d-1741000000000@3c-app-gmx-bs01",
        headers: "X-Priority: 3\nImportance: normal\nSensitivity: Normal\n",
        body: Body::HtmlOnly,
        quote: Quote::Block([
            "Sent: Tuesday, March 03, 2026 at 9:12 AM\nFrom: \"Sam Seller\" &lt;sam@example.org&gt;\nTo: ada@example.net\nSubject: Your visit",
            "Envoyé: mardi 3 mars 2026 à 09:12\nDe: \"Sam Seller\" &lt;sam@example.org&gt;\nÀ: ada@example.net\nObjet: Votre visite",
            "Enviado: martes, 3 de marzo de 2026 ás 9:12\nDe: \"Sam Seller\" &lt;sam@example.org&gt;\nPara: ada@example.net\nAsunto: A súa visita",
            "Enviado: martes, 3 de marzo de 2026 a las 9:12\nDe: \"Sam Seller\" &lt;sam@example.org&gt;\nPara: ada@example.net\nAsunto: Su visita",
            "Gesendet: Dienstag, 03. März 2026 um 09:12 Uhr\nVon: \"Sam Seller\" &lt;sam@example.org&gt;\nAn: ada@example.net\nBetreff: Ihr Besuch",
        ]),
        signature: NONE,
        re: ["Re: ", "Re: ", "Re: ", "Re: ", "Aw: "],
    },
    Program {
        name: "Proton Mail",
        message_id: "kX9_aQ3nZr7-0fWvY=@protonmail.example",
        headers: "X-Pm-Origin: internal\n",
        body: Body::Alternative,
        quote: Quote::Marked([
            "On Tuesday, 3 March 2026 at 09:12, Sam Seller <sam@example.org> wrote:",
            "Le mardi 3 mars 2026 à 09:12, Sam Seller <sam@example.org> a écrit :",
            "O martes, 3 de marzo do 2026 ás 09:12, Sam Seller <sam@example.org> escribiu:",
            "El martes, 3 de marzo de 2026 a las 9:12, Sam Seller <sam@example.org> escribió:",
            "Sam Seller <sam@example.org> schrieb am Dienstag, 3. März 2026 um 09:12:",
        ]),
        signature: [
            "Sent with Proton Mail secure email.",
            "Envoyé avec la messagerie sécurisée Proton Mail.",
            "Enviado con Proton Mail correo seguro.",
            "Enviado con el correo electrónico seguro de Proton Mail.",
            "Gesendet mit sicherer E-Mail von Proton Mail.",
        ],
        re: RE,
    },
    Program {
        name: "Samsung Email",
        message_id: "q1w2e3r4t5.1741000000000@email.android.example",
        headers: "X-Mailer: SamsungEmail\n",
        body: Body::PlainBase64,
        quote: Quote::Block([
            "-------- Original message --------\nFrom: Sam Seller <sam@example.org>\nDate: 03/03/2026 09:12 (GMT+01:00)",
            "-------- Message d'origine --------\nDe : Sam Seller <sam@example.org>\nDate : 03/03/2026 09:12 (GMT+01:00)",
            "-------- Mensaxe orixinal --------\nDe: Sam Seller <sam@example.org>\nData: 03/03/2026 09:12 (GMT+01:00)",
            "-------- Mensaje original --------\nDe: Sam Seller <sam@example.org>\nFecha: 3/3/26 9:12 (GMT+01:00)",
            "-------- Ursprüngliche Nachricht --------\nVon: Sam Seller <sam@example.org>\nDatum: 03.03.26 09:12 (GMT+01:00)",
        ]),
        signature: [
            "Sent from my Galaxy",
            "Envoyé de mon Galaxy",
            "Enviado dende o meu Galaxy",
            "Enviado desde mi Galaxy",
            "Von meinem Galaxy gesendet",
        ],
        re: RE,
    },
    Program {
        name: "Roundcube",
        message_id: "5c0ffee05c0ffee05c0ffee05c0ffee0@example.net",
        headers: "User-Agent: Roundcube Webmail/1.6.9\n",
        body: Body::Plain8Bit,
        quote: Quote::Marked([
            "On 2026-03-03 09:12, Sam Seller wrote:",
            "Le 2026-03-03 09:12, Sam Seller a écrit :",
            "O 2026-03-03 09:12, Sam Seller escribiu:",
            "El 2026-03-03 09:12, Sam Seller escribió:",
            "Am 2026-03-03 09:12, schrieb Sam Seller:",
        ]),
        signature: NONE,
        re: RE,
    },
];

impl Program {
    /// An answer to our message, quote included.
    pub fn answer(&self, letter: Letter) -> Vec<u8> {
        let (subject, quoted) = letter.language.of(SENT);
        let announced = |lines: [&str; 5]| letter.language.of(lines).to_owned();
        let marked = |mark: &str| quoted.lines().map(|line| format!("{mark}{line}\n")).collect::<String>();
        let quote = match self.quote {
            Quote::Marked(lines) => format!("{}\n{}", announced(lines), marked("> ")),
            Quote::Unmarked(lines) => format!("{}\n \n{}", announced(lines), marked(" ")),
            Quote::Block(lines) => format!("{}\n\n{quoted}\n", announced(lines)),
        };
        let signature = letter.language.of(self.signature);
        let body = format!("{}\n\n{signature}\n\n{quote}", letter.text);
        let headers = format!(
            "{}{}In-Reply-To: <{STEP}@example.org>\nReferences: <{STEP}@example.org>\n",
            self.headers, letter.headers
        );
        let subject = format!("{}{subject}", letter.prefix);
        message(letter.from, &subject, self.message_id, &headers, self.body, &body)
    }
}

/// A whole message, in the lines of the wire.
pub fn message(from: &str, subject: &str, id: &str, headers: &str, body: Body, text: &str) -> Vec<u8> {
    let subject =
        if subject.is_ascii() { subject.to_owned() } else { format!("=?UTF-8?B?{}?=", STANDARD.encode(subject)) };
    let head = format!(
        "Received: from mx.example.net by mx.example.org; Wed, 4 Mar 2026 10:00:05 +0100\nFrom: {from}\nTo: Sam Seller <{OURS}>\n\
         Subject: {subject}\nDate: Wed, 4 Mar 2026 10:00:00 +0100\nMessage-ID: <{id}>\nMIME-Version: 1.0\n{headers}"
    );
    let html = |text: &str| {
        let lines: String = text
            .lines()
            .map(|line| format!("<div>{}</div>\n", line.replace("<sam@example.org>", "&lt;sam@example.org&gt;")))
            .collect();
        format!("<html><head><style>p {{ margin: 0 }}</style></head><body>{lines}</body></html>")
    };
    let (kind, encoded): (&str, Vec<u8>) = match body {
        Body::Plain8Bit => ("Content-Type: text/plain; charset=UTF-8; format=flowed\nContent-Transfer-Encoding: 8bit\n", text.into()),
        Body::PlainQuotedLatin => {
            ("Content-Type: text/plain; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: quoted-printable\n", quoted(text).into())
        }
        Body::PlainBase64 => ("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", wrapped(text).into()),
        Body::HtmlOnly => ("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n", wrapped(&html(text)).into()),
        Body::Alternative => (
            "Content-Type: multipart/alternative; boundary=\"000000000000b1f2\"\n",
            format!(
                "--000000000000b1f2\nContent-Type: text/plain; charset=\"UTF-8\"\nContent-Transfer-Encoding: base64\n\n{}\n\
                 --000000000000b1f2\nContent-Type: text/html; charset=\"UTF-8\"\nContent-Transfer-Encoding: base64\n\n{}\n--000000000000b1f2--\n",
                wrapped(text),
                wrapped(&html(text))
            )
            .into(),
        ),
    };
    let mut raw = format!("{head}{kind}\n").replace('\n', "\r\n").into_bytes();
    raw.extend(String::from_utf8_lossy(&encoded).replace('\n', "\r\n").bytes());
    raw
}

fn wrapped(text: &str) -> String {
    let encoded = STANDARD.encode(text);
    encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned() + "\n").collect()
}

/// Quoted-printable of Latin-1.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for character in text.chars() {
        match character {
            '=' => quoted.push_str("=3D"),
            '\n' | ' '..='~' => quoted.push(character),
            other => quoted.push_str(&format!("={:02X}", u32::from(other).min(255))),
        }
    }
    quoted
}
