//! What a message is going to say: its template filled in, and, where somebody wants to know what becomes of it, its links
//! led by this server and a picture that tells of an opening.

use maud::html;

use super::Mail;
use super::links::Links;
use crate::connector::DeliveryError;
use crate::connector::markup::tracked;
use crate::connector::merge::Merge;
use crate::domain::delivery::Wording;
use crate::domain::message_template::{Content, MailText};
use crate::id::StepId;
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
}

impl Draft {
    /// The message, and what is kept of it. The same each time for the same draft.
    pub fn write(self, links: Option<&Links>) -> Result<(Mail, Wording), DeliveryError> {
        let Draft { mut mail, step, merge, public_url, engagement } = self;
        let way = links.zip(public_url);
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
        let Content::Mail(text) = filled else {
            return Err(DeliveryError::Permanent("the template is none of e-mails".into()));
        };
        mail.unsubscribe = way.map(|(links, url)| {
            let address = links.address(&mail.to_address);
            format!("{url}{}", links.unsubscribe(step, address))
        });
        let written = written(&mail, &text, found);
        mail.text = text;
        Ok((mail, written))
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
    use crate::id::RecordId;

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
        Draft { mail, step, merge, public_url: public_url.map(Into::into), engagement }
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
