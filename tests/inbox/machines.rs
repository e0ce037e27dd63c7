//! What answers by itself: out-of-office programs, ticket systems and receipts, each with its own headers.

use super::letters::{Language, SENT};
use super::programs::{Body, OURS, STEP, message};

/// A program that answers by itself.
pub struct Machine {
    pub name: &'static str,
    pub headers: &'static str,
    /// What it puts before our subject, or its whole subject where that ends on a full stop.
    pub subject: [&'static str; 5],
    /// What it writes by itself around the text of whoever is away.
    pub above: [&'static str; 5],
    /// Whether it names the message that it answers.
    pub threads: bool,
    pub body: Body,
}

const NOTHING: [&str; 5] = [""; 5];

/// The usual ones. The last two say in no header that they are machines.
pub const MACHINES: [Machine; 9] = [
    Machine {
        name: "Exchange",
        headers: "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: ada@example.net\nReturn-Path: <>\n",
        subject: [
            "Automatic reply: ",
            "Réponse automatique : ",
            "Resposta automática: ",
            "Respuesta automática: ",
            "Automatische Antwort: ",
        ],
        above: NOTHING,
        threads: true,
        body: Body::HtmlOnly,
    },
    Machine {
        name: "Gmail",
        headers: "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Autoreply: yes\n",
        subject: ["Re: "; 5],
        above: NOTHING,
        threads: true,
        body: Body::Alternative,
    },
    Machine {
        name: "Sieve",
        headers: "Auto-Submitted: auto-replied (vacation)\nPrecedence: bulk\nX-Sieve: Pigeonhole Sieve 0.5.19\n",
        subject: ["Auto: "; 5],
        above: NOTHING,
        threads: true,
        body: Body::Plain8Bit,
    },
    Machine {
        name: "vacation",
        headers: "Precedence: bulk\nX-Delivered-By-The-Graces-Of: The Vacation program\nReturn-Path: <>\n",
        subject: [
            "Away from my mail",
            "Message d'absence",
            "Mensaxe de ausencia",
            "Mensaje de ausencia",
            "Abwesenheitsnachricht",
        ],
        above: NOTHING,
        threads: true,
        body: Body::Plain8Bit,
    },
    Machine {
        name: "Notes",
        headers: "Auto-Submitted: auto-generated\nX-Mailer: HCL Notes Release 12.0.2\n",
        subject: [
            "AUTO: Ada Lovelace ",
            "AUTO: Ada Lovelace ",
            "AUTO: Ada Lovelace ",
            "AUTO: Ada Lovelace ",
            "AUTO: Ada Lovelace ",
        ],
        above: NOTHING,
        threads: true,
        body: Body::PlainQuotedLatin,
    },
    Machine {
        name: "cPanel",
        headers: "X-Autorespond: visit\nPrecedence: auto_reply\nX-Loop: ada@example.net\n",
        subject: ["Re: "; 5],
        above: NOTHING,
        threads: true,
        body: Body::PlainBase64,
    },
    Machine {
        name: "GMX",
        headers: "X-UI-Out-Filterresults: notjunk:1\nAuto-Submitted: auto-replied\n",
        subject: ["Out of office: ", "Absence : ", "Ausencia: ", "Ausencia: ", "Abwesenheitsnotiz: "],
        above: NOTHING,
        threads: true,
        body: Body::HtmlOnly,
    },
    Machine {
        name: "a rule that says so in its subject",
        headers: "",
        subject: ["Out of office", "Absence du bureau", "Fóra da oficina", "Fuera de la oficina", "Nicht im Büro"],
        above: NOTHING,
        threads: true,
        body: Body::Plain8Bit,
    },
    Machine {
        name: "a rule that says so in its text",
        headers: "",
        subject: ["Re: ", "Re: ", "Re: ", "Re: ", "AW: "],
        above: [
            "This is an automatic reply.\n\n",
            "Ceci est un message automatique.\n\n",
            "Esta é unha resposta automática.\n\n",
            "Esta es una respuesta automática.\n\n",
            "Dies ist eine automatische Antwort.\n\n",
        ],
        threads: true,
        body: Body::PlainBase64,
    },
];

impl Machine {
    /// Its answer to our message.
    pub fn answer(&self, language: Language, text: &str) -> Vec<u8> {
        let subject = language.of(self.subject);
        let subject =
            if subject.ends_with(' ') { format!("{subject}{}", language.of(SENT).0) } else { subject.to_owned() };
        let thread = if self.threads { format!("In-Reply-To: <{STEP}@example.org>\n") } else { String::new() };
        let text = format!("{}{text}\n", language.of(self.above));
        message(
            "Ada Lovelace <ada@example.net>",
            &subject,
            "auto-1@example.net",
            &(thread + self.headers),
            self.body,
            &text,
        )
    }
}

/// Tickets, and boxes that nobody reads.
pub fn ticket(language: Language, text: &str, variant: usize) -> Vec<u8> {
    let (from, headers) = [
        ("Support <support@example.net>", "Auto-Submitted: auto-replied\nX-OTRS-Loop: yes\nPrecedence: bulk\n"),
        ("no-reply@example.net", ""),
        ("Help Desk <desk@example.net>", "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"),
    ][variant % 3];
    let subject = format!("Re: {} [#4711]", language.of(SENT).0);
    let headers = format!("In-Reply-To: <{STEP}@example.org>\n{headers}");
    message(from, &subject, "ticket-4711@example.net", &headers, Body::Plain8Bit, text)
}

/// A receipt that our message was opened (RFC 8098).
pub fn receipt(language: Language) -> Vec<u8> {
    let word = language.of(["Read: ", "Lu : ", "Lido: ", "Leído: ", "Gelesen: "]);
    format!(
        "From: Ada <ada@example.net>\nTo: {OURS}\nSubject: {word}visit\nDate: Wed, 4 Mar 2026 10:00:00 +0100\nMessage-ID: <r1@example.net>\n\
         In-Reply-To: <{STEP}@example.org>\nMIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=disposition-notification; boundary=\"b1\"\n\n\
         --b1\nContent-Type: text/plain; charset=utf-8\n\nYour message was read on 4 March.\n\
         --b1\nContent-Type: message/disposition-notification\n\nReporting-UA: example.net; Mail\nFinal-Recipient: rfc822;ada@example.net\n\
         Original-Message-ID: <{STEP}@example.org>\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b1--\n"
    )
    .replace('\n', "\r\n")
    .into_bytes()
}
