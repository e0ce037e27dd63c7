//! What a message is going to say: its template filled in, and, where somebody wants to know what becomes of it, its links
//! led by this server and a picture that tells of an opening.

use maud::html;

use super::Mail;
use super::links::Links;
use crate::connector::DeliveryError;
use crate::connector::markup::tracked;
use crate::connector::merge::Merge;
use crate::domain::delivery::Wording;
use crate::domain::message_template::attachment::Attachment;
use crate::domain::message_template::{Content, MailText};
use crate::id::{StepId, TemplateId};
use crate::limits;

/// A message to be written.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Everything but its text, which is still a template.
    pub mail: Mail,
    /// The step whose message it is.
    pub step: StepId,
    /// About whom, and from whom.
    pub merge: Merge,
    /// Where recipients reach this server; without it no link leads back.
    pub public_url: Option<String>,
    /// Whether somebody wants to know of openings and clicks.
    pub engagement: bool,
    /// The files that it names.
    pub attachments: Vec<(TemplateId, Attachment)>,
}

impl Draft {
    /// The message, and what is kept of it. The same each time for the same draft.
    pub fn write(self, links: Option<&Links>) -> Result<(Mail, Wording), DeliveryError> {
        let Draft { mut mail, step, merge, public_url, engagement, attachments } = self;
        let way = links.zip(public_url);
        if way.is_none() && !attachments.is_empty() {
            let why = "the template has attachments, which are sent as links, and the setting `public_url` is not set";
            return Err(DeliveryError::Permanent(why.into()));
        }
        let followed = way.clone().filter(|_| engagement);
        let mut found = Vec::new();
        let template = Content::Mail(std::mem::take(&mut mail.text));
        let filled = match followed {
            None => merge.fill(&template),
            Some((links, url)) => merge.fill_with(&template, |html| {
                let picture = html! { img src={ (url) (links.open(step)) } width="1" height="1" alt=""; }.into_string();
                let links = links.clone();
                let (html, destinations) =
                    tracked(html, move |link| format!("{url}{}", links.click(step, link)), &picture);
                found = destinations;
                html
            }),
        };
        let filled = filled.map_err(|why| DeliveryError::Permanent(format!("the template {why}")))?;
        let Content::Mail(mut text) = filled else {
            return Err(DeliveryError::Permanent("the template is none of e-mails".into()));
        };
        if let Some((links, url)) = &way {
            let named = attachments.iter().map(|(_, attachment)| attachment).zip(0..);
            named.for_each(|(file, number)| name(file, &format!("{url}{}", links.attachment(step, number)), &mut text));
        }
        mail.unsubscribe = way.map(|(links, url)| {
            let address = links.address(&mail.to_address);
            format!("{url}{}", links.unsubscribe(step, address))
        });
        let files = attachments.iter().map(|(template, attachment)| (*template, attachment.id)).collect();
        let written = Wording { attachments: files, ..written(&mail, &text, found) };
        mail.text = text;
        Ok((mail, written))
    }
}

/// A message says where a file is, behind all that it says.
fn name(file: &Attachment, link: &str, text: &mut MailText) {
    let size = size(file.bytes);
    text.body_text.push_str(&format!("\n\n{} ({size}): {link}", file.name));
    if let Some(html) = &mut text.body_html {
        html.push_str(&html! { p { a href=(link) { (file.name) } " (" (size) ")" } }.into_string());
    }
}

/// As people read it.
fn size(bytes: u32) -> String {
    match bytes {
        ..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes / 1_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

fn written(mail: &Mail, text: &MailText, links: Vec<String>) -> Wording {
    let end = text.body_text.floor_char_boundary(limits::WRITTEN_TEXT_MAX);
    let kept = text.body_text.get(..end).unwrap_or_default().to_owned();
    Wording { to: mail.to_address.clone(), subject: text.subject.clone(), text: kept, links, attachments: Vec::new() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::connector::seal::Seal;
    use crate::id::{AttachmentId, RecordId};

    fn draft(public_url: Option<&str>, engagement: bool) -> Draft {
        let html = "<p>Dear {{ record.name }}, <a href=\"https://example.org/{{ record.name }}\">look</a></p>";
        let text = MailText {
            subject: "For {{ record.name }}".into(),
            body_text: "See https://example.org/".into(),
            body_html: Some(html.into()),
        };
        let mail = Mail {
            id: "0198-step".into(),
            message_id: "0198-step@example.com".into(),
            mailbox: None,
            to_name: "Ada".into(),
            to_address: "Ada@Example.org ".into(),
            references: vec![],
            unsubscribe: None,
            text,
        };
        let mut merge = Merge::default();
        merge.record.name = "Ada".into();
        let step = StepId::of(RecordId(7 << 76 | 2 << 62), 3);
        let public_url = public_url.map(Into::into);
        Draft { mail, step, merge, public_url, engagement, attachments: Vec::new() }
    }

    fn links() -> Links {
        Links::new(Arc::new(Seal::new(&Seal::fresh_key().unwrap()).unwrap()))
    }

    #[test]
    fn with_engagement_links_lead_here_and_what_was_written_says_where_they_went() {
        let links = links();
        let made = draft(Some("https://crm.example.com"), true).write(Some(&links)).unwrap();
        let (mail, written) = made.clone();
        let html = mail.text.body_html.clone().unwrap();
        assert_eq!(written.links, ["https://example.org/Ada"]);
        assert!(!html.contains("https://example.org"), "{html}");
        let paths: Vec<_> = html.split("https://crm.example.com").skip(1).collect();
        let ids: Vec<_> = paths.iter().map(|path| path.split('"').next().unwrap()).collect();
        let step = StepId::of(RecordId(7 << 76 | 2 << 62), 3);
        assert_eq!(ids, [links.click(step, 0), links.open(step)], "{html}");
        assert_eq!((written.to, written.subject), ("Ada@Example.org ".into(), "For Ada".into()));
        assert_eq!(mail.text.body_text, "See https://example.org/", "plain text is left as it is");
        let out = mail.unsubscribe.clone().unwrap();
        let id = out.strip_prefix("https://crm.example.com/u/").unwrap();
        assert_eq!(links.unsubscribed(id), Some((step, links.address("ada@example.org"))));
        let again = draft(Some("https://crm.example.com"), true).write(Some(&links)).unwrap();
        assert_eq!(format!("{again:?}"), format!("{made:?}"), "a repeat writes the same");
    }

    /// CO-4: a file is named behind what the message says, in both parts, whether or not anybody wants to know of it.
    #[test]
    fn co_4_files_are_named_by_links_and_not_without_an_address_of_ours() {
        let links = links();
        let id = AttachmentId(5 << 76 | 2 << 62);
        let file =
            |name: &str| Attachment { id, name: name.into(), media_type: "application/pdf".into(), bytes: 1_260_000 };
        let with = |url, engagement| Draft {
            attachments: vec![(TemplateId(9), file("Prezos.pdf")), (TemplateId(9), file("<b>&.pdf"))],
            ..draft(url, engagement)
        };
        for engagement in [true, false] {
            let (mail, written) = with(Some("https://crm.example.com"), engagement).write(Some(&links)).unwrap();
            let step = StepId::of(RecordId(7 << 76 | 2 << 62), 3);
            let (first, second) = (links.attachment(step, 0), links.attachment(step, 1));
            let text = &mail.text.body_text;
            assert!(text.contains(&format!("\n\nPrezos.pdf (1.2 MB): https://crm.example.com{first}")), "{text}");
            let html = mail.text.body_html.unwrap();
            assert!(
                html.contains(&format!("<a href=\"https://crm.example.com{second}\">&lt;b&gt;&amp;.pdf</a>")),
                "{html}"
            );
            assert_eq!(written.attachments, [(TemplateId(9), id); 2]);
        }
        let refused = with(None, true).write(Some(&links));
        assert!(matches!(refused, Err(DeliveryError::Permanent(why)) if why.contains("public_url")));
    }

    #[test]
    fn without_engagement_nobody_is_followed_and_without_an_address_of_ours_nothing_leads_here() {
        let links = links();
        let (mail, written) = draft(Some("https://crm.example.com"), false).write(Some(&links)).unwrap();
        let html = mail.text.body_html.unwrap();
        assert!(html.contains("https://example.org/Ada") && !html.contains("crm.example.com"), "{html}");
        assert!(written.links.is_empty() && mail.unsubscribe.is_some());
        for (url, links) in [(None, Some(&links)), (Some("https://crm.example.com"), None)] {
            let (mail, written) = draft(url, true).write(links).unwrap();
            assert!(!format!("{mail:?}").contains("crm.example.com") && written.links.is_empty());
        }
    }
}
