//! What people write, and what machines say, in the five languages: the words that the programs wrap in their own ways.

/// A language of the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    English,
    French,
    Galician,
    Spanish,
    German,
}

pub use Language::{English, French, Galician, German, Spanish};

impl Language {
    /// All of them.
    pub const ALL: [Language; 5] = [English, French, Galician, Spanish, German];

    /// The one of five words that is in this language.
    pub fn of<T: Copy>(self, words: [T; 5]) -> T {
        words[self as usize]
    }
}

/// The subject and body of what we sent.
pub const SENT: [(&str, &str); 5] = [
    (
        "Your visit to our stand",
        "Hello Ada,\n\ndo you have a quarter of an hour next week?\nI will be back on 20 March.\n\nSam",
    ),
    (
        "Votre visite à notre stand",
        "Bonjour Ada,\n\navez-vous un quart d'heure la semaine prochaine ?\nJe serai de retour le 20 mars.\n\nSam",
    ),
    ("A súa visita ao noso posto", "Ola, Ada:\n\nten un cuarto de hora a semana que vén?\nVolvo o 20 de marzo.\n\nSam"),
    (
        "Su visita a nuestro puesto",
        "Hola, Ada:\n\n¿tiene un cuarto de hora la semana que viene?\nVuelvo el 20 de marzo.\n\nSam",
    ),
    (
        "Ihr Besuch an unserem Stand",
        "Guten Tag Ada,\n\nhaben Sie nächste Woche eine Viertelstunde?\nAm 20. März bin ich wieder da.\n\nSam",
    ),
];

/// What people answer; some of it looks like something else.
pub const REPLIES: [[&str; 5]; 8] = [
    ["Yes, with pleasure.", "Oui, avec plaisir.", "Si, encantada.", "Sí, encantada.", "Ja, gerne."],
    [
        "No, thank you. We have a supplier already.",
        "Non merci, nous avons déjà un fournisseur.",
        "Non, grazas. Xa temos un provedor.",
        "No, gracias. Ya tenemos un proveedor.",
        "Nein, danke. Wir haben schon einen Lieferanten.",
    ],
    [
        "I am out of the office until Friday, but let us talk on Monday at ten.\n\nBest regards\nAda",
        "Je suis absente jusqu'à vendredi, mais parlons-en lundi à dix heures.\n\nBien à vous\nAda",
        "Estou fóra da oficina ata o venres, pero falemos o luns ás dez.\n\nSaúdos\nAda",
        "Estoy fuera de la oficina hasta el viernes, pero hablemos el lunes a las diez.\n\nSaludos\nAda",
        "Ich bin bis Freitag im Urlaub, aber lassen Sie uns am Montag um zehn sprechen.\n\nViele Grüße\nAda",
    ],
    [
        "Thank you for your message. Could you send me the prices?",
        "Merci pour votre message. Pourriez-vous m'envoyer les tarifs ?",
        "Grazas pola súa mensaxe. Podería enviarme os prezos?",
        "Gracias por su mensaje. ¿Podría enviarme los precios?",
        "Vielen Dank für Ihre Nachricht. Können Sie mir die Preise schicken?",
    ],
    [
        "Please do not take me off your list, I only need some more weeks.",
        "Ne me retirez pas de votre liste, il me faut encore quelques semaines.",
        "Non me dea de baixa, só preciso unhas semanas máis.",
        "No me dé de baja, solo necesito unas semanas más.",
        "Nehmen Sie mich nicht aus dem Verteiler, ich brauche nur ein paar Wochen.",
    ],
    [
        "Your mail to my old address came back as undeliverable, so here I am.",
        "Votre message à mon ancienne adresse est revenu, non remis. Me voici.",
        "A súa mensaxe ao meu enderezo antigo foi devolta. Aquí estou.",
        "Su mensaje a mi antigua dirección volvió, no se pudo entregar. Aquí estoy.",
        "Ihre Mail an meine alte Adresse kam als unzustellbar zurück. Hier bin ich.",
    ],
    [
        "I forwarded your message to a colleague.\nHe will write to you.\n\nAda Lovelace\nAnalytical Engines Ltd",
        "J'ai transféré votre message à un collègue.\nIl vous écrira.\n\nAda Lovelace\nMachines analytiques",
        "Reenviei a súa mensaxe a un compañeiro.\nEscribiralle el.\n\nAda Lovelace\nMáquinas analíticas",
        "He reenviado su mensaje a un compañero.\nÉl le escribirá.\n\nAda Lovelace\nMáquinas analíticas",
        "Ich habe Ihre Nachricht an einen Kollegen weitergeleitet.\nEr schreibt Ihnen.\n\nAda Lovelace\nMaschinen GmbH",
    ],
    ["?", "?", "?", "?", "?"],
];

/// Whole answers that ask to be left alone.
pub const LEAVE: [[&str; 5]; 3] = [
    ["Unsubscribe", "Désabonnement", "Baixa", "Baja", "Abmelden"],
    [
        "Please remove me from your list.\n\nAda Lovelace",
        "Merci de me retirer de votre liste.\n\nAda Lovelace",
        "Quero darme de baixa.\n\nAda Lovelace",
        "Por favor, deme de baja.\n\nAda Lovelace",
        "Bitte tragen Sie mich aus.\n\nAda Lovelace",
    ],
    ["Unsubscribe me!", "Désinscrivez-moi !", "Déme de baixa!", "¡Denme de baja!", "Bitte abbestellen!"],
];

/// What is said by whoever is away, and the day of March 2026 on which they are back, if they say it.
pub const AWAY: [([&str; 5], Option<u32>); 5] = [
    (
        [
            "Thank you for your message. I am out of the office and will be back on Monday, 16 March. In urgent cases call +34 981 12 34 56.",
            "Bonjour,\n\nje suis absente du bureau et serai de retour le lundi 16 mars. En cas d'urgence : +34 981 12 34 56.",
            "Grazas pola súa mensaxe. Estou fóra da oficina e volverei o luns 16 de marzo. Urxencias: +34 981 12 34 56.",
            "Gracias por su mensaje. Estoy fuera de la oficina y volveré el lunes 16 de marzo. Urgencias: +34 981 12 34 56.",
            "Vielen Dank für Ihre Nachricht. Ich bin nicht im Büro und ab Montag, dem 16. März, wieder erreichbar. Notfälle: +34 981 12 34 56.",
        ],
        Some(16),
    ),
    (
        [
            "I am on annual leave from 2 March to 13 March 2026.\nYour e-mail will not be forwarded.",
            "Je suis en congés du 2 au 13 mars 2026.\nVotre message ne sera pas transféré.",
            "Estou de vacacións do 2 ao 13 de marzo de 2026.\nA súa mensaxe non será reenviada.",
            "Estoy de vacaciones del 2 al 13 de marzo de 2026.\nSu mensaje no será reenviado.",
            "Ich bin vom 02.03.2026 bis einschließlich 13.03.2026 im Urlaub.\nIhre E-Mail wird nicht weitergeleitet.",
        ],
        Some(14),
    ),
    (
        [
            "I am on parental leave. Please write to my colleagues at office@example.net.",
            "Je suis en congé parental. Merci d'écrire à mes collègues : bureau@example.net.",
            "Estou de permiso de maternidade. Escriba aos meus compañeiros: oficina@example.net.",
            "Estoy de baja maternal. Escriba a mis compañeros: oficina@example.net.",
            "Ich bin in Elternzeit. Bitte schreiben Sie an buero@example.net.",
        ],
        None,
    ),
    (
        [
            "Hello,\n\nI'm away from my desk and returning 2026-03-16.\n\nAda",
            "Bonjour,\n\nactuellement en déplacement, je serai joignable à partir du 16/03/2026.\n\nAda",
            "Ola:\n\nestarei fóra e non volverei ata o 16/03/2026.\n\nAda",
            "Hola:\n\nestaré fuera y no volveré hasta el 16/03/2026.\n\nAda",
            "Guten Tag,\n\nich bin auf Dienstreise und am 16.3.2026 zurück.\n\nAda",
        ],
        Some(16),
    ),
    (
        [
            "Our offices are closed until 13 March. We answer as soon as we are there again.",
            "Nos bureaux sont fermés jusqu'au 13 mars. Nous vous répondrons ensuite.",
            "A oficina está pechada ata o 13 de marzo. Responderemos despois.",
            "Nuestras oficinas están cerradas hasta el 13 de marzo. Responderemos después.",
            "Unser Büro ist geschlossen bis zum 13. März. Danach antworten wir.",
        ],
        Some(14),
    ),
];

/// What machines say of everything else.
pub const MACHINES: [[&str; 5]; 3] = [
    [
        "We have received your request. Your ticket is #4711. We will get back to you by 16 March.",
        "Nous avons bien reçu votre demande. Votre ticket est le nº 4711.",
        "Recibimos a súa solicitude. O seu número é o 4711.",
        "Hemos recibido su solicitud. Su número es el 4711.",
        "Wir haben Ihre Anfrage erhalten. Ihre Vorgangsnummer ist 4711.",
    ],
    [
        "Ada Lovelace does not work here any more. Please write to office@example.net.",
        "Ada Lovelace ne travaille plus chez nous. Merci d'écrire à bureau@example.net.",
        "Ada Lovelace xa non traballa aquí. Escriba a oficina@example.net.",
        "Ada Lovelace ya no trabaja aquí. Escriba a oficina@example.net.",
        "Ada Lovelace arbeitet nicht mehr bei uns. Bitte schreiben Sie an buero@example.net.",
    ],
    [
        "This mailbox is not read. Please use the form on our site.",
        "Cette boîte n'est pas relevée. Merci d'utiliser le formulaire de notre site.",
        "Ninguén le esta caixa. Use o formulario da nosa web.",
        "Nadie lee este buzón. Use el formulario de nuestra web.",
        "Dieses Postfach wird nicht gelesen. Bitte nutzen Sie unser Formular.",
    ],
];
