//! Message templates: what fits, who writes them, and what holds them where they are.

use relance::connector::merge;
use relance::domain::entity::{Entity, Stamp};
use relance::domain::given::Given;
use relance::domain::language::Language;
use relance::domain::message_template::command::{TemplateChange, TemplateCommand, TemplateEvent, TemplateRejection};
use relance::domain::message_template::{Content, MailText, MessageKind, MessageTemplate, Standing};
use relance::domain::permission::{Cause, Denies, Role};
use relance::domain::policy::DEFAULT_UNIT;
use relance::domain::record::schema::Owner;
use relance::domain::sequence::{SequenceCommand, SequenceRejection};
use relance::domain::template::{is_shipped, shipped_mails, shipped_messages};
use relance::id::{TemplateId, UserId};
use relance::limits;

use super::draw::{auto_email, graph};
use super::ledger::Logged;
use super::world::{BEGIN, COLLEAGUE, SELLER, World, at, given, sellers, user};

const ID: TemplateId = TemplateId(0x91);
const OTHER_UNIT: UserId = UserId(0x92);
const NEWCOMER: UserId = UserId(0x93);

fn mail(subject: &str, body_text: &str, body_html: Option<&str>) -> Content {
    let [subject, body_text] = [subject, body_text].map(str::to_owned);
    Content::Mail(MailText { subject, body_text, body_html: body_html.map(str::to_owned) })
}

fn create(name: &str, content: Content) -> TemplateCommand {
    TemplateCommand::Create { name: name.into(), language: Language::Gl, content }
}

fn change(change: TemplateChange) -> TemplateCommand {
    TemplateCommand::Change { kind: MessageKind::Mail, changes: vec![change] }
}

const DELETE: TemplateCommand = TemplateCommand::Delete { kind: MessageKind::Mail };

/// A template that only its own log knows.
struct Desk {
    template: Logged<MessageTemplate>,
    given: Given,
}

impl Desk {
    fn new() -> Desk {
        let mut organisation = sellers();
        organisation.users.insert(OTHER_UNIT, user("Mary", &[Role::Seller], "south"));
        organisation.users.insert(NEWCOMER, user("Alan", &[Role::SalesManager], DEFAULT_UNIT));
        Desk { template: Logged::new(), given: given().with_organisation(&organisation) }
    }

    /// With an e-mail template of the seller's.
    fn with_mail() -> Desk {
        let mut desk = Desk::new();
        desk.ask(SELLER, create("Proposal", mail("S", "B", None))).unwrap();
        desk
    }

    fn ask(&mut self, by: UserId, command: TemplateCommand) -> Result<Vec<TemplateEvent>, TemplateRejection> {
        let stamp = Stamp { at: at(BEGIN), by };
        let (events, owed) = self.template.decide(ID, &self.given, command, stamp)?;
        assert!(owed.0.is_empty(), "a template owes nothing");
        self.template.check_replay();
        self.given = self.given.with_message(ID, &self.template.state);
        Ok(events)
    }

    /// What does not fit: place and code.
    fn faults(&mut self, command: TemplateCommand) -> Vec<(String, &'static str)> {
        match self.ask(SELLER, command) {
            Ok(_) => vec![],
            Err(TemplateRejection::Invalid(problems)) => {
                problems.into_iter().map(|problem| (problem.pointer, problem.code)).collect()
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn st_2_every_fault_of_a_template_is_told_at_once_and_nothing_is_stored() {
    let long = |bytes: usize| "a".repeat(bytes);
    let table: [(TemplateCommand, &[(&str, &str)]); 16] = [
        (create("Fits", mail("{{ record.name }}", "{{ seller.name }}", Some("<b>{{ record.email }}</b>"))), &[]),
        (create("Fits", Content::Text("{{ record.phones.mobile }} {{ record.score }}".into())), &[]),
        (create("Any type's", mail("{{ record.fields.renewal_date }}", "{{ record.fields.close_date }}", None)), &[]),
        (create("Longest", mail(&long(limits::SUBJECT_MAX), &long(limits::MAIL_BODY_MAX), None)), &[]),
        (
            create(" ", mail("", "\n", Some(""))),
            &[("/name", "empty"), ("/subject", "empty"), ("/body_text", "empty"), ("/body_html", "empty")],
        ),
        (create(&long(limits::MESSAGE_NAME_MAX + 1), mail("S", "B", None)), &[("/name", "too_long")]),
        (create("N", mail(&long(limits::SUBJECT_MAX + 1), "B", None)), &[("/subject", "too_long")]),
        (create("N", mail("S", &long(limits::MAIL_BODY_MAX + 1), None)), &[("/body_text", "too_long")]),
        (create("N", mail("S", "B", Some(&long(limits::MAIL_BODY_MAX + 1)))), &[("/body_html", "too_long")]),
        (create("N", Content::Text(long(limits::TEXT_BODY_MAX + 1))), &[("/body", "too_long")]),
        (
            create("N", mail("two\nlines", "B\u{7}", None)),
            &[("/subject", "control_character"), ("/body_text", "control_character")],
        ),
        (
            create("N", mail("{{ record.nam }}", "{{ x }}{{ seller.phone }}", Some("{{ record.fields }}"))),
            &[
                ("/subject", "merge_field_unknown"),
                ("/body_text", "merge_field_unknown"),
                ("/body_text", "merge_field_unknown"),
                ("/body_html", "merge_field_unknown"),
            ],
        ),
        (create("N", Content::Text("{{ record.fields.compnay }}".into())), &[("/body", "merge_field_unknown")]),
        (create("N", Content::Text("{{ unsubscribe }}".into())), &[("/body", "merge_field_unknown")]),
        (create("N", Content::Text("{% for a in b %}{% endfor %}".into())), &[("/body", "template_invalid")]),
        (
            create("N", mail("{{", "{% if record.name %}", None)),
            &[("/subject", "template_invalid"), ("/body_text", "template_invalid")],
        ),
    ];
    for (command, expected) in table {
        let mut desk = Desk::new();
        let what = format!("{command:.80?}");
        let found = desk.faults(command);
        let found: Vec<_> = found.iter().map(|(pointer, code)| (pointer.as_str(), *code)).collect();
        assert_eq!(found, expected, "{what}");
        let there = if expected.is_empty() { Standing::Present } else { Standing::Missing };
        assert_eq!(desk.template.state.standing, there, "{what}");
    }
    let mut desk = Desk::new();
    let refusal = desk.ask(SELLER, create("N", Content::Text("a\n{{ record.nam }}".into()))).unwrap_err();
    assert!(refusal.to_string().starts_with("line 2: there is no merge field `record.nam`; there are"), "{refusal}");
}

#[test]
fn a_change_is_judged_like_a_new_template_and_nothing_goes_around_the_reader() {
    let mut desk = Desk::with_mail();
    assert_eq!(
        desk.faults(change(TemplateChange::BodyText("{{ nobody }}".into()))),
        [("/body_text".to_owned(), "merge_field_unknown")]
    );
    assert_eq!(desk.ask(SELLER, change(TemplateChange::Subject("S".into()))), Ok(vec![]), "it says that already");
    let html = TemplateChange::BodyHtml(Some("<i>{{ record.name }}</i>".into()));
    assert_eq!(desk.ask(SELLER, change(html.clone())), Ok(vec![TemplateEvent::Changed(vec![html])]));
    assert_eq!(desk.template.state.content, mail("S", "B", Some("<i>{{ record.name }}</i>")));
    assert_eq!(desk.ask(SELLER, change(TemplateChange::Body("of a text message".into()))), Ok(vec![]));
    let text = TemplateCommand::Delete { kind: MessageKind::Text };
    assert_eq!(desk.ask(SELLER, text), Err(TemplateRejection::NotFound), "it is one of e-mails");
    desk.given.merge_reader = Given::default().merge_reader;
    let unread = desk.faults(change(TemplateChange::BodyText("without a field".into())));
    assert!(unread.iter().all(|(_, code)| *code == "template_invalid") && !unread.is_empty(), "{unread:?}");
}

/// P-4: whoever configures steps writes templates; one's own, and those who may configure any step all.
#[test]
fn p_4_everybody_writes_templates_and_changes_their_own() {
    for (by, may) in
        [(SELLER, true), (COLLEAGUE, true), (UserId::ADMINISTRATOR, true), (NEWCOMER, false), (OTHER_UNIT, false)]
    {
        for command in [change(TemplateChange::Name("Other".into())), DELETE] {
            let mut desk = Desk::with_mail();
            assert_eq!(desk.template.state.owner, Some(Owner::User(SELLER)));
            assert!(desk.template.state.must_be_seen(&desk.given, by).is_ok(), "{by} reads it");
            let what = format!("{command:?} by {by}");
            match desk.ask(by, command) {
                Ok(events) => assert!(may && events.len() == 1, "{what}"),
                Err(refusal) => {
                    assert!(!may, "{what}: {refusal}");
                    assert_eq!(refusal.denial().map(|denial| denial.cause), Some(Cause::Role), "{what}");
                }
            }
        }
        assert!(Desk::new().ask(by, create("Own", mail("S", "B", None))).is_ok(), "{by}");
    }
    for nobody in [UserId::NOBODY, UserId(0x99)] {
        let refusal = Desk::new().ask(nobody, create("Own", mail("S", "B", None))).unwrap_err();
        assert_eq!(refusal.denial().map(|denial| denial.cause), Some(Cause::Role));
    }
}

#[test]
fn a_template_is_made_once_and_what_was_deleted_may_come_again() {
    let mut desk = Desk::with_mail();
    assert_eq!(desk.ask(SELLER, create("Again", mail("S", "B", None))), Err(TemplateRejection::Exists));
    assert_eq!(desk.ask(SELLER, DELETE), Ok(vec![TemplateEvent::Deleted]));
    assert!(desk.given.message(ID, MessageKind::Mail).is_none());
    assert_eq!(desk.ask(SELLER, DELETE), Err(TemplateRejection::NotFound));
    assert_eq!(desk.ask(SELLER, change(TemplateChange::Name("X".into()))), Err(TemplateRejection::NotFound));
    assert!(desk.ask(SELLER, create("Again", mail("S", "B", None))).is_ok(), "a bundle may bring it again (Q-94)");
    let mut full = Desk::new();
    let one = full.given.messages.values().next().unwrap().clone();
    let missing = limits::MESSAGE_TEMPLATES_MAX - full.given.messages.len();
    full.given.messages.extend((0..missing as u128).map(|number| (TemplateId(1 << 100 | number), one.clone())));
    assert_eq!(full.ask(SELLER, create("More", mail("S", "B", None))), Err(TemplateRejection::Full));
}

/// §20.9: three e-mail templates in three languages come with the product. They read and stay as they are.
#[test]
fn the_shipped_templates_are_there_in_every_language_pass_as_anybodys_and_cannot_be_changed() {
    let mut keys: Vec<_> = shipped_mails().iter().map(|mail| (mail.key.as_str(), mail.language)).collect();
    keys.sort();
    let all = ["introduction", "missed_call", "webinar_thanks"];
    assert_eq!(keys, all.into_iter().flat_map(|key| Language::ALL.map(|language| (key, language))).collect::<Vec<_>>());
    assert_eq!(shipped_messages().len(), 9);
    for (id, template) in shipped_messages() {
        assert!(is_shipped(*id) && template.is(MessageKind::Mail) && template.owner.is_none());
        let copied = Desk::new().ask(SELLER, create(&template.name, template.content.clone()));
        assert!(copied.is_ok(), "{}: {copied:?}", template.name);
        for command in [change(TemplateChange::Name("Mine".into())), DELETE, create("N", mail("S", "B", None))] {
            let stamp = Stamp { at: at(BEGIN), by: UserId::ADMINISTRATOR };
            let refused = MessageTemplate::default().decide(*id, &given(), command, stamp);
            assert_eq!(refused, Err(TemplateRejection::Shipped));
        }
    }
    assert_eq!(merge::fields("{{ seller.name }}").map(|fields| fields.len()), Ok(1));
}

/// ST-2, ST-22: an automated e-mail sends a template that is there; one that an active sequence sends stays there.
#[test]
fn st_2_an_active_sequence_holds_its_template_and_an_inactive_one_misses_it() {
    let mut world = World::lead();
    let mut template = Logged::<MessageTemplate>::new();
    let stamp = Stamp { at: world.now, by: SELLER };
    let mut drawn = auto_email("1", "");
    drawn["template"] = ID.to_string().into();
    let sequence = world.draft(graph(&[drawn]));
    let activate = || SequenceCommand::Activate { description: None, migration: None, pilot: None };
    let Err(SequenceRejection::ValidationFailed(found)) = world.order(sequence, activate()) else {
        panic!("the template is not there yet")
    };
    assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["template_unknown"]);
    let text = create("Text", Content::Text("T".into()));
    for (command, active) in [(text, false), (create("Mail", mail("S", "B", None)), true)] {
        let mut other = Logged::<MessageTemplate>::new();
        other.decide(ID, &world.given, command, stamp).unwrap();
        world.given = world.given.with_message(ID, &other.state);
        assert_eq!(world.order(sequence, activate()).is_ok(), active, "an e-mail needs a template of e-mails");
        template = other;
    }
    let refused = template.state.decide(ID, &world.given, DELETE, stamp).unwrap_err();
    assert_eq!(refused, TemplateRejection::Referenced("`Follow up`".into()));
    let by_stranger = Stamp { by: UserId::SYSTEM, ..stamp };
    assert!(template.state.decide(ID, &world.given, DELETE, by_stranger).is_err());
    let reworded = change(TemplateChange::Subject("Other".into()));
    assert!(template.state.decide(ID, &world.given, reworded, stamp).is_ok(), "it may be reworded all the same");
    world.deactivate(sequence);
    assert_eq!(template.state.decide(ID, &world.given, DELETE, stamp), Ok(vec![TemplateEvent::Deleted]));
}
