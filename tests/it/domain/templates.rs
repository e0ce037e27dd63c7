//! §20: the six templates are the ones of the specification, in every language.

use relance::domain::given::Given;
use relance::domain::plan::{Action, Plan};
use relance::domain::record::schema::RecordType;
use relance::domain::sequence::Sequence;
use relance::domain::sequence::graph::{Graph, Node};
use relance::domain::template::{self, Language, SequenceTemplate, sequence_templates, shipped_mails};
use relance::id::SequenceId;
use relance::id::TemplateId;

const LANGUAGES: [Language; 3] = [Language::En, Language::Fr, Language::Gl];

/// §20.1 and §20.2, then §20.3 to §20.8: `id type setting > next | no`.
struct Expected {
    id: &'static str,
    kind: RecordType,
    step_count: u16,
    days: i64,
    conditions_commands_waits: [usize; 3],
    not_waits: usize,
    longest: u16,
    nodes: &'static str,
}

const TEMPLATES: [Expected; 6] = [
    Expected {
        id: "T1",
        kind: RecordType::Contact,
        step_count: 7,
        days: 5,
        conditions_commands_waits: [3, 0, 1],
        not_waits: 10,
        longest: 4,
        nodes: "1 email > c1; c1 cond_email_reply 48h early > 2 | 3; 2 phone_call; 3 phone_call > c2; \
                c2 cond_call made > 4 | w1; 4 task; w1 wait 48h > 5; 5 email > c3; \
                c3 cond_email_reply 24h early > 6 | 7; 6 phone_call; 7 task",
    },
    Expected {
        id: "T2",
        kind: RecordType::Lead,
        step_count: 7,
        days: 9,
        conditions_commands_waits: [3, 1, 4],
        not_waits: 11,
        longest: 6,
        nodes: "1 auto_email introduction > 2; 2 li_research > w1; w1 wait 48h > 3; 3 phone_call > c1; \
                c1 cond_call made > 4 | w2; 4 li_connect; w2 wait 48h > 5; 5 auto_email missed_call > w3; \
                w3 wait 72h > 6; 6 phone_call > c2; c2 cond_call made | w4; w4 wait 48h > 7; 7 phone_call > c3; \
                c3 cond_call made | k1; k1 update_field disposition=disqualified",
    },
    Expected {
        id: "T3",
        kind: RecordType::Contact,
        step_count: 6,
        days: 5,
        conditions_commands_waits: [3, 1, 0],
        not_waits: 10,
        longest: 4,
        nodes: "1 email > c1; c1 cond_email_reply 48h early > 2 | 3; 2 email; 3 email > c2; \
                c2 cond_email_reply 72h early > 4 | 5; 4 email; 5 phone_call > c3; c3 cond_call made > 6 | k1; \
                6 email; k1 update_field future_events=yes",
    },
    Expected {
        id: "T4",
        kind: RecordType::Opportunity,
        step_count: 9,
        days: 5,
        conditions_commands_waits: [3, 1, 2],
        not_waits: 13,
        longest: 7,
        nodes: "1 email > 2; 2 li_research > 3; 3 li_connect > w1; w1 wait 24h > 4; 4 email > c1; \
                c1 cond_email_reply 48h early > 5 | 6; 5 task; 6 phone_call > c2; c2 cond_call made > 7 | w2; 7 task; \
                w2 wait 48h > 8; 8 phone_call > c3; c3 cond_call made > 9 | k1; 9 task; \
                k1 update_field disposition=disqualified",
    },
    Expected {
        id: "T5",
        kind: RecordType::Account,
        step_count: 13,
        days: 50,
        conditions_commands_waits: [0, 0, 8],
        not_waits: 13,
        longest: 13,
        nodes: "1 task > 2; 2 email > w1; w1 wait 168h > 3; 3 task > 4; 4 phone_call > w2; w2 wait 168h > 5; \
                5 task > 6; 6 email > w3; w3 wait 168h > 7; 7 task > w4; w4 wait 168h > 8; 8 task > w5; \
                w5 wait 168h > 9; 9 phone_call > 10; 10 email > w6; w6 wait 168h > 11; 11 phone_call > w7; \
                w7 wait 168h > 12; 12 task > w8; w8 wait 24h > 13; 13 email",
    },
    Expected {
        id: "T6",
        kind: RecordType::Lead,
        step_count: 10,
        days: 7,
        conditions_commands_waits: [4, 1, 1],
        not_waits: 15,
        longest: 7,
        nodes: "1 auto_email webinar_thanks > c1; c1 cond_email_reply 48h early > 2 | 3; 2 email > 9; 3 email > c2; \
                c2 cond_email_reply 48h early > 4 | 5; 4 email > 9; 5 phone_call > c3; c3 cond_call made > 6 | w1; \
                6 email > 9; w1 wait 48h > 7; 7 email > c4; c4 cond_email_reply 24h early > 8 | k1; 8 email > 9; \
                9 task > 10; 10 task; k1 update_field disposition=disqualified",
    },
];

fn plan(template: &SequenceTemplate, language: Language) -> Plan {
    let draft = serde_json::to_string(&template.graph(language)).unwrap();
    let sequence = Sequence { record_type: template.record_type, draft, ..Sequence::default() };
    let (plan, diagnostics) = sequence.compile_draft(SequenceId(1), &Given::default());
    assert_eq!(diagnostics, [], "{} is without a fault", template.id);
    plan.expect("a plan")
}

/// The graph as `TEMPLATES` writes it.
fn render(graph: &Graph) -> String {
    let lines: Vec<_> = graph.nodes.iter().map(render_node).collect();
    lines.join("; ")
}

fn render_node(node: &Node) -> String {
    let setting = match node {
        Node::Wait(wait) => format!(" {}h", wait.days * 24 + wait.hours),
        Node::CondEmailReply(reply) => {
            let hours = reply.limit_days.unwrap_or(0) * 24 + reply.limit_hours.unwrap_or(0);
            format!(" {hours}h{}", if reply.advance_early { " early" } else { "" })
        }
        Node::CondCall(call) => format!(" {}", call.results.join(",")),
        Node::UpdateField(update) => format!(" {}={}", update.field, update.value),
        Node::AutoEmail(mail) => {
            let id = mail.template.as_deref().and_then(TemplateId::parse);
            let shipped = shipped_mails().iter().find(|mail| id.is_some() && TemplateId::parse(&mail.id) == id);
            format!(" {}", shipped.map_or("none", |mail| mail.key.as_str()))
        }
        Node::Email(mail) => mail.template.as_ref().map_or(String::new(), |id| format!(" {id}")),
        _ => String::new(),
    };
    let mut exits = String::new();
    for (member, to) in node.exits() {
        if let Some(to) = to {
            exits += &format!(" {} {to}", if member == "no" { "|" } else { ">" });
        }
    }
    format!("{} {}{setting}{exits}", node.id(), node.kind())
}

#[test]
fn the_six_templates_are_those_of_the_tables_of_section_20() {
    assert_eq!(sequence_templates().len(), TEMPLATES.len());
    for (expected, template) in TEMPLATES.iter().zip(sequence_templates()) {
        assert_eq!((template.id.as_str(), template.record_type), (expected.id, expected.kind));
        for language in LANGUAGES {
            let shown = render(&template.graph(language));
            assert_eq!(shown, expected.nodes, "TC-4, TC-6, TC-7: {} in {}", expected.id, language.code());
        }
    }
}

#[test]
fn tc_1_tc_2_each_counted_node_counts_once_and_tc_3_the_longest_path_gives_the_days() {
    for (expected, template) in TEMPLATES.iter().zip(sequence_templates()) {
        for language in LANGUAGES {
            let plan = plan(template, language);
            let what = format!("{} in {}", template.id, language.code());
            assert_eq!(plan.step_count, expected.step_count, "TC-1: {what}");
            assert_eq!((template.step_count, template.duration_days), (expected.step_count, expected.days), "{what}");
            assert_eq!(plan.duration_days(), expected.days, "TC-3: {what}");
            assert_eq!(plan.nodes[0].steps_ahead, expected.longest, "U-9: {what}");
            assert_eq!(plan.nodes[0].id, "1", "{what}");
            let of = |wanted: fn(&Action) -> bool| plan.nodes.iter().filter(|node| wanted(&node.action)).count();
            let conditions = of(|action| matches!(action, Action::EmailSignals(_) | Action::CallResult(_)));
            let commands = of(|action| matches!(action, Action::UpdateField { .. }));
            let waits = of(|action| matches!(action, Action::Wait(_)));
            assert_eq!([conditions, commands, waits], expected.conditions_commands_waits, "{what}");
            assert_eq!(plan.nodes.len() - waits, expected.not_waits, "{what}");
        }
    }
}

#[test]
fn tc_5_every_reply_condition_of_a_template_moves_on_as_soon_as_satisfied() {
    let mut seen = 0;
    for template in sequence_templates() {
        for node in plan(template, Language::En).nodes {
            if let Action::EmailSignals(question) = &node.action {
                assert!(question.advance_early, "{} {}", template.id, node.id);
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 8);
}

#[test]
fn every_text_of_a_template_is_there_in_every_language_and_differs() {
    for template in sequence_templates() {
        for texts in [&template.names, &template.descriptions] {
            let shown: Vec<_> = LANGUAGES.iter().map(|language| template::in_language(texts, *language)).collect();
            assert!(shown.iter().all(|text| !text.trim().is_empty()), "{} {shown:?}", template.id);
            assert!(shown[0] != shown[1] && shown[1] != shown[2] && shown[0] != shown[2], "{shown:?}");
        }
        let [en, fr, gl] = LANGUAGES.map(|language| plan(template, language));
        for (place, node) in en.nodes.iter().enumerate().filter(|(_, node)| node.is_counted()) {
            for (other, language) in [(&fr.nodes[place], "fr"), (&gl.nodes[place], "gl")] {
                let what = format!("{} {} {language}", template.id, node.id);
                assert!(!other.name.trim().is_empty(), "{what}");
                assert_eq!(other.description.is_empty(), node.description.is_empty(), "{what}");
                assert_ne!((&other.name, &other.description), (&node.name, &node.description), "{what}");
            }
        }
    }
}

#[test]
fn the_names_of_the_templates_are_those_of_section_25() {
    let table = [
        (
            "T1",
            "Follow up when contacts don't show up",
            "Suivi lorsque les contacts ne viennent pas",
            "Seguimento cando os contactos non aparecen",
        ),
        (
            "T2",
            "High volume outbound prospecting",
            "Prospection sortante à haut volume",
            "Prospección de saída de gran volume",
        ),
        ("T3", "Invite to an upcoming event", "Invitation à un prochain événement", "Convidar a un evento próximo"),
        (
            "T4",
            "Meeting for product demo requests",
            "Réunion pour les demandes de démonstration de produit",
            "Reunión para solicitudes de demostración de produtos",
        ),
        ("T5", "Upcoming account renewal", "Renouvellement de compte à venir", "Próxima renovación da conta"),
        ("T6", "Webinar follow up", "Suivi de webinaire", "Seguimento do seminario web"),
    ];
    for (id, en, fr, gl) in table {
        let names = &template::sequence_template(id).expect("a template").names;
        let shown = LANGUAGES.map(|language| template::in_language(names, language));
        assert_eq!(shown, [en, fr, gl], "{id}");
    }
    assert!(template::sequence_template("T7").is_none());
}
