//! Texts that ask for no more: the words that people are told to send, alone or with a word of courtesy.

use icu_normalizer::DecomposingNormalizer;

/// In English, French, Galician, Spanish and German; without accents.
const STOPS: [&str; 50] = [
    "stop",
    "stop all",
    "stopall",
    "unsubscribe",
    "unsub",
    "cancel",
    "end",
    "quit",
    "revoke",
    "opt out",
    "optout",
    "remove me",
    "no more texts",
    "no more messages",
    "arret",
    "arreter",
    "arretez",
    "stop pub",
    "desabonner",
    "desabonnement",
    "desinscrire",
    "desinscription",
    "me desinscrire",
    "me desabonner",
    "plus de sms",
    "baixa",
    "dar de baixa",
    "darme de baixa",
    "non mais mensaxes",
    "non quero mais mensaxes",
    "para de escribirme",
    "deixade de escribirme",
    "baja",
    "dar de baja",
    "darme de baja",
    "deme de baja",
    "no mas mensajes",
    "no quiero mas mensajes",
    "dejen de escribirme",
    "cancelar",
    "alto",
    "parar",
    "stopp",
    "abmelden",
    "abmeldung",
    "abbestellen",
    "keine sms mehr",
    "keine nachrichten mehr",
    "ende",
    "austragen",
];

/// Words around them that say nothing else.
const COURTESY: [&str; 22] = [
    "please", "pls", "thanks", "thank", "you", "svp", "s", "il", "vous", "plait", "merci", "por", "favor", "grazas",
    "gracias", "bitte", "danke", "sms", "texts", "a", "me", "now",
];

/// Whether a text says that the person wants no more of them.
pub fn wants_no_more(text: &str) -> bool {
    let plain: String = DecomposingNormalizer::new_nfd().normalize(&text.to_lowercase()).into_owned();
    let kept = plain.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c));
    let spaced: String = kept.map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<&str> = spaced.split_whitespace().collect();
    if words.len() > 8 {
        return false;
    }
    let is_stop = |words: &[&str]| STOPS.contains(&words.join(" ").as_str());
    let is_courtesy = |words: &[&str]| words.iter().all(|word| COURTESY.contains(word));
    (0..words.len()).any(|from| {
        let ends = from + 1..=words.len();
        ends.into_iter().any(|to| is_stop(&words[from..to]) && is_courtesy(&words[..from]) && is_courtesy(&words[to..]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_wants_no_more_is_understood_in_five_languages_and_nobody_else() {
        for text in [
            "STOP",
            " stop. ",
            "Stop please!",
            "please stop",
            "STOP SMS",
            "Unsubscribe",
            "opt-out",
            "no more texts, thanks",
            "ARRÊT",
            "arret",
            "Désinscription svp",
            "STOP s'il vous plaît",
            "BAIXA",
            "Baixa, grazas",
            "non quero máis mensaxes",
            "BAJA",
            "baja por favor",
            "no más mensajes",
            "Darme de baja",
            "STOPP",
            "Bitte abmelden",
            "keine SMS mehr",
        ] {
            assert!(wants_no_more(text), "{text}");
        }
        for text in [
            "",
            "Yes",
            "I can stop by tomorrow",
            "Don't stop",
            "Non stop!",
            "At the end of the week",
            "Estoy de baja, llámame el lunes",
            "Je m'arrête à Lyon",
            "Cancel my meeting on Monday",
            "A planta baixa está libre",
            "Wir sehen uns am Ende",
            "please",
            "🛑",
        ] {
            assert!(!wants_no_more(text), "{text}");
        }
    }
}
