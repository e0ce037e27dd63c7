//! What mail servers send back: in the standard shape, and in the shapes of those that have one of their own.

use super::letters::Language;
use super::programs::{OURS, STEP};

/// A report that our message came back.
pub struct Returned {
    pub name: &'static str,
    pub raw: String,
    pub status: Option<&'static str>,
    pub permanent: bool,
}

/// A standard report (RFC 3464).
fn standard(from: &str, subject: &str, text: &str, fields: &str, original: Original) -> String {
    let original = match original {
        Original::Whole => format!(
            "--b1\nContent-Description: Undelivered Message\nContent-Type: message/rfc822\n\nReturn-Path: <{OURS}>\nFrom: {OURS}\n\
             To: ada@example.net\nSubject: Your visit\nMessage-ID: <{STEP}@example.org>\nContent-Type: text/plain\n\nHello Ada\n"
        ),
        Original::Headers => {
            format!(
                "--b1\nContent-Type: text/rfc822-headers\n\nFrom: {OURS}\nMessage-ID: <{STEP}@example.org>\nSubject: Your visit\n\n"
            )
        }
        Original::Thread => String::new(),
    };
    let thread = if original.is_empty() {
        format!("In-Reply-To: <{STEP}@example.org>\nReferences: <{STEP}@example.org>\n")
    } else {
        String::new()
    };
    format!(
        "Return-Path: <>\nFrom: {from}\nTo: {OURS}\nSubject: {subject}\nDate: Wed, 4 Mar 2026 10:00:00 +0100\n\
         Message-ID: <bounce-1@mx.example.net>\nAuto-Submitted: auto-replied\n{thread}MIME-Version: 1.0\n\
         Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"b1\"\n\nThis is a MIME-encapsulated message.\n\n\
         --b1\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n--b1\nContent-Type: message/delivery-status\n\n\
         Reporting-MTA: dns; mx.example.net\nArrival-Date: Wed, 4 Mar 2026 09:59:00 +0100\n\n{fields}\n\n{original}--b1--\n"
    )
}

/// What a report has of the original message.
#[derive(Clone, Copy)]
enum Original {
    Whole,
    Headers,
    Thread,
}

fn plain(from: &str, subject: &str, headers: &str, text: &str) -> String {
    format!(
        "Return-Path: <>\nFrom: {from}\nTo: {OURS}\nSubject: {subject}\nDate: Wed, 4 Mar 2026 10:00:00 +0100\n\
         Message-ID: <bounce-2@mx.example.net>\n{headers}Content-Type: text/plain; charset=us-ascii\n\n{text}\n"
    )
}

fn copy() -> String {
    format!(
        "Received: from localhost\nFrom: Sam <{OURS}>\nTo: ada@example.net\nSubject: Your visit\nMessage-ID: <{STEP}@example.org>\n\nHello Ada\n"
    )
}

/// Reports that our message has failed. Only Exchange writes in the language of its reader.
pub fn returned(language: Language) -> Vec<Returned> {
    let failed = |status: &str, code: &str| {
        format!(
            "Final-Recipient: rfc822; ada@example.net\nOriginal-Recipient: rfc822;ada@example.net\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {code}"
        )
    };
    let exchange = language.of([
        "Undeliverable: ",
        "Non remis : ",
        "Non se pode entregar: ",
        "No se puede entregar: ",
        "Unzustellbar: ",
    ]);
    let told = language.of([
        "Your message to ada@example.net couldn't be delivered.",
        "Votre message à ada@example.net n'a pas pu être remis.",
        "A súa mensaxe a ada@example.net non se puido entregar.",
        "No se pudo entregar el mensaje a ada@example.net.",
        "Ihre Nachricht an ada@example.net konnte nicht zugestellt werden.",
    ]);
    let of = |name, raw, status, permanent| Returned { name, raw, status, permanent };
    vec![
        of(
            "Exchange",
            standard(
                "Microsoft Outlook <postmaster@example.net>",
                &format!("{exchange}Your visit"),
                told,
                &failed(
                    "5.1.10",
                    "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
                ),
                Original::Thread,
            ),
            Some("5.1.10"),
            true,
        ),
        of(
            "Exchange on the premises",
            plain(
                "System Administrator <postmaster@example.net>",
                &format!("{exchange}Your visit"),
                &format!("In-Reply-To: <{STEP}@example.org>\n"),
                &format!("{told}\n\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##rfc822;ada@example.net"),
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "Postfix",
            standard(
                "MAILER-DAEMON@mx.example.org (Mail Delivery System)",
                "Undelivered Mail Returned to Sender",
                "This is the mail system at host mx.example.org.\n\nI'm sorry to have to inform you that your message could not\nbe delivered to one or more recipients.",
                &failed("5.1.1", "550 5.1.1 <ada@example.net>: Recipient address rejected: User unknown"),
                Original::Whole,
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "Postfix, given up after days",
            standard(
                "MAILER-DAEMON@mx.example.org (Mail Delivery System)",
                "Undelivered Mail Returned to Sender",
                "This is the mail system.",
                &failed("4.4.1", "connect to mx.example.net[192.0.2.1]:25: Connection timed out"),
                Original::Headers,
            ),
            Some("4.4.1"),
            false,
        ),
        of(
            "Gmail",
            standard(
                "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
                "Delivery Status Notification (Failure)",
                "** Address not found **\n\nYour message wasn't delivered to ada@example.net because the address couldn't be found.",
                &failed("5.1.1", "550-5.1.1 The email account that you tried to reach does not exist."),
                Original::Whole,
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "a full mailbox",
            standard(
                "Mail Delivery Subsystem <mailer-daemon@googlemail.example>",
                "Delivery Status Notification (Failure)",
                "The recipient's inbox is full.",
                &failed("5.2.2", "552-5.2.2 The recipient's inbox is out of storage space."),
                Original::Whole,
            ),
            Some("5.2.2"),
            false,
        ),
        of(
            "a policy",
            standard(
                "postmaster@example.net",
                "Undelivered Mail Returned to Sender",
                "Blocked.",
                &failed("5.7.1", "554 5.7.1 Service unavailable; client host blocked using a list"),
                Original::Headers,
            ),
            Some("5.7.1"),
            false,
        ),
        of(
            "a service that says 5.0.0",
            standard(
                "MAILER-DAEMON@amazonses.example",
                "Delivery Status Notification (Failure)",
                "An error occurred while trying to deliver the mail to the following recipients:\nada@example.net",
                &failed("5.0.0", "550 5.1.1 <ada@example.net>... user unknown"),
                Original::Whole,
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "Exim",
            plain(
                "Mail Delivery System <Mailer-Daemon@mx.example.net>",
                "Mail delivery failed: returning message to sender",
                "X-Failed-Recipients: ada@example.net\nAuto-Submitted: auto-replied\n",
                &format!(
                    "This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ada@example.net\n    SMTP error from remote mail server after RCPT TO:<ada@example.net>:\n    550 5.1.1 User unknown\n\n------ This is a copy of the message, including all the headers. ------\n\n{}",
                    copy()
                ),
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "qmail",
            plain(
                "MAILER-DAEMON@mx.example.net",
                "failure notice",
                "",
                &format!(
                    "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ada@example.net>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n--- Below this line is a copy of the message.\n\n{}",
                    copy()
                ),
            ),
            Some("5.1.1"),
            true,
        ),
        of(
            "Sendmail of old",
            plain(
                "Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>",
                "Returned mail: User unknown",
                "",
                &format!(
                    "   ----- The following addresses had permanent fatal errors -----\n<ada@example.net>\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.net.:\n>>> RCPT To:<ada@example.net>\n<<< 550 <ada@example.net>... User unknown\n\n   ----- Original message follows -----\n\n{}",
                    copy()
                ),
            ),
            Some("5.1.0"),
            true,
        ),
        of(
            "Domino",
            plain(
                "Postmaster <postmaster@example.net>",
                "DELIVERY FAILURE: User Ada Lovelace (ada@example.net) not listed in Domino Directory",
                "",
                &format!(
                    "Your message\n\n  Subject: Your visit\n\nwas not delivered to:\n\n  ada@example.net\n\nbecause:\n\n  User Ada Lovelace (ada@example.net) not listed in Domino Directory\n\n{}",
                    copy()
                ),
            ),
            None,
            true,
        ),
        of(
            "GroupWise",
            plain(
                "Mailer-Daemon@example.net",
                "Message status - undeliverable",
                "",
                &format!(
                    "The message that you sent was undeliverable to the following:\n\tada@example.net (user not found)\n\n{}",
                    copy()
                ),
            ),
            None,
            true,
        ),
        of(
            "Yahoo",
            plain(
                "MAILER-DAEMON@yahoo.example",
                "Failure Notice",
                "",
                &format!(
                    "Sorry, we were unable to deliver your message to the following address.\n\n<ada@example.net>:\n554: delivery error: dd This user doesn't have an account - mta4001\n\n--- Below this line is a copy of the message.\n\n{}",
                    copy()
                ),
            ),
            Some("5.0.0"),
            true,
        ),
        of(
            "Courier",
            plain(
                "\"Courier mail server at mx.example.net\" <postmaster@mx.example.net>",
                "NOTICE: mail delivery failed",
                "",
                &format!(
                    "This is a delivery status notification from mx.example.net,\nrunning the Courier mail server.\n\nThe original message was received from localhost\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<ada@example.net>:\n    mx.example.net [192.0.2.1]:\n>>> RCPT TO:<ada@example.net>\n<<< 550 User unknown.\n\n{}",
                    copy()
                ),
            ),
            Some("5.1.0"),
            true,
        ),
    ]
}

/// Reports that say of our message that nothing has failed so far.
pub fn pending() -> Vec<(&'static str, String)> {
    let fields = |action: &str, status: &str| {
        format!("Final-Recipient: rfc822; ada@example.net\nAction: {action}\nStatus: {status}")
    };
    vec![
        (
            "late",
            standard(
                "MAILER-DAEMON@mx.example.org",
                "Delayed Mail (still being retried)",
                "# THIS IS A WARNING ONLY. #",
                &fields("delayed", "4.4.1"),
                Original::Headers,
            ),
        ),
        (
            "delivered",
            standard(
                "MAILER-DAEMON@mx.example.org",
                "Successful Mail Delivery Report",
                "Your message was delivered.",
                &fields("delivered", "2.0.0"),
                Original::Headers,
            ),
        ),
        (
            "relayed",
            standard(
                "postmaster@example.net",
                "Relayed: Your visit",
                "Delivery to these recipients is complete, but no notification was sent",
                &fields("relayed", "2.0.0"),
                Original::Whole,
            ),
        ),
        (
            "late, for people",
            plain(
                "Mail Delivery System <Mailer-Daemon@mx.example.net>",
                "Warning: message delayed 24 hours",
                "Auto-Submitted: auto-replied\n",
                &format!(
                    "This message was created automatically.\nIt has not yet been delivered to ada@example.net and will be retried.\n\n{}",
                    copy()
                ),
            ),
        ),
    ]
}

/// Complaints (RFC 5965), and the one that has a shape of its own.
pub fn complaints() -> Vec<(&'static str, String)> {
    let arf = |kind: &str, original: &str| {
        format!(
            "From: feedback@isp.example\nTo: abuse@example.org\nSubject: FW: Your visit\nDate: Wed, 4 Mar 2026 10:00:00 +0100\nMessage-ID: <c1@isp.example>\n\
             MIME-Version: 1.0\nContent-Type: multipart/report; report-type=feedback-report; boundary=\"b1\"\n\n\
             --b1\nContent-Type: text/plain\n\nThis is an email abuse report.\n\n--b1\nContent-Type: message/feedback-report\n\n\
             Feedback-Type: {kind}\nUser-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Rcpt-To: <ada@example.net>\n\n--b1\nContent-Type: {original}\n\n{}--b1--\n",
            copy()
        )
    };
    let jmrp = format!(
        "From: staff@hotmail.example\nTo: abuse@example.org\nSubject: complaint about message from 192.0.2.1\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=\"b1\"\n\n--b1\nContent-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ada@example.net\n{}--b1--\n",
        copy()
    );
    vec![
        ("abuse", arf("abuse", "message/rfc822")),
        ("abuse, headers only", arf("abuse", "text/rfc822-headers")),
        ("opt-out", arf("opt-out", "message/rfc822")),
        ("fraud", arf("fraud", "message/rfc822")),
        ("Microsoft", jmrp),
    ]
}

/// Feedback that is no complaint.
pub fn praise() -> String {
    complaints()[0].1.replace("Feedback-Type: abuse", "Feedback-Type: not-spam")
}
