//! Sample data: invented people and companies with addresses and numbers that reach nobody, the same each time. Each has a
//! key of its own, so that none comes twice.

use serde_json::{Value, json};

/// Name, trade, city, country, zone.
const COMPANIES: [[&str; 5]; 12] = [
    ["Faro Norte", "Shipping", "Vigo", "Spain", "Europe/Madrid"],
    ["Atelier Lumen", "Lighting", "Lyon", "France", "Europe/Paris"],
    ["Brightwater Tools", "Machinery", "Leeds", "United Kingdom", "Europe/London"],
    ["Camiño Software", "Software", "Santiago de Compostela", "Spain", "Europe/Madrid"],
    ["Moulin Logistique", "Logistics", "Lille", "France", "Europe/Paris"],
    ["Harbour & Pine", "Furniture", "Bristol", "United Kingdom", "Europe/London"],
    ["Granito Sistemas", "Software", "Ourense", "Spain", "Europe/Madrid"],
    ["Papeterie Soleil", "Stationery", "Nantes", "France", "Europe/Paris"],
    ["Northfield Optics", "Optics", "Edinburgh", "United Kingdom", "Europe/London"],
    ["Ría Enerxía", "Energy", "A Coruña", "Spain", "Europe/Madrid"],
    ["Clairval Santé", "Health", "Bordeaux", "France", "Europe/Paris"],
    ["Larkspur Foods", "Food", "Manchester", "United Kingdom", "Europe/London"],
];

/// First and last names; the company of a person is that of the same place, round and round.
const PEOPLE: [[&str; 2]; 36] = [
    ["Uxía", "Carballo"],
    ["Élodie", "Marchand"],
    ["Oliver", "Ashworth"],
    ["Brais", "Outeiro"],
    ["Margaux", "Delorme"],
    ["Harriet", "Thornley"],
    ["Noa", "Freire"],
    ["Bastien", "Roussel"],
    ["Callum", "Muirhead"],
    ["Antía", "Rebolo"],
    ["Camille", "Fontenay"],
    ["Rosalind", "Peake"],
    ["Xián", "Loureiro"],
    ["Léonie", "Vasseur"],
    ["Edmund", "Hartwell"],
    ["Sabela", "Quintáns"],
    ["Théo", "Carpentier"],
    ["Imogen", "Birch"],
    ["Martiño", "Seoane"],
    ["Apolline", "Gaucher"],
    ["Rory", "Kinnaird"],
    ["Iria", "Vilariño"],
    ["Maxence", "Lebrun"],
    ["Tabitha", "Rowe"],
    ["Roi", "Castelo"],
    ["Solène", "Aubry"],
    ["Jasper", "Whitlock"],
    ["Lúa", "Ferradás"],
    ["Corentin", "Maillard"],
    ["Philippa", "Dunmore"],
    ["Anxo", "Barreiro"],
    ["Clémence", "Guérin"],
    ["Fergus", "Abernethy"],
    ["Catuxa", "Lamas"],
    ["Gaspard", "Noiret"],
    ["Beatrix", "Fairley"],
];

const JOBS: [&str; 6] =
    ["Sales director", "Buyer", "Head of operations", "Managing director", "Marketing manager", "IT manager"];
const SOURCES: [&str; 4] = ["Webinar", "Web form", "Trade fair", "Referral"];
const CONTACTS: usize = 12;
const OPPORTUNITIES: usize = 8;

/// An entry of a list, from its beginning again behind its end.
fn pick<T: Copy + Default>(list: &[T], place: usize) -> T {
    list.get(place % list.len().max(1)).copied().unwrap_or_default()
}

/// The keys of the contacts.
pub fn contact_keys() -> impl Iterator<Item = String> {
    (0..CONTACTS).map(|place| format!("sample-contact-{}", place + 1))
}

/// Contacts and leads.
pub fn people() -> Vec<Value> {
    (0..PEOPLE.len()).map(person).collect()
}

fn person(place: usize) -> Value {
    let ([first, last], [company, industry, city, country, zone]) = (pick(&PEOPLE, place), pick(&COMPANIES, place));
    let is_contact = place < CONTACTS;
    // Numbers set aside for stories: they ring nowhere.
    let phone = match country {
        "France" => format!("+3363998{:04}", 1000 + place),
        _ => format!("+44770090{:04}", 100 + place),
    };
    let mut fields = json!({
        "first_name": first, "last_name": last, "job_title": pick(&JOBS, place), "company": company,
        "industry": industry, "city": city, "country": country, "source": pick(&SOURCES, place),
    });
    if !is_contact {
        fields["estimated_value"] = (1_500 + (place * 7_300) % 48_000).into();
        fields["currency"] = "EUR".into();
    }
    let mut person = json!({
        "type": if is_contact { "contact" } else { "lead" },
        "external_id": match is_contact {
            true => format!("sample-contact-{}", place + 1),
            false => format!("sample-lead-{}", place + 1 - CONTACTS),
        },
        "phones": { "mobile": phone },
        "time_zone": zone,
        "score": 15 + (place * 37) % 84,
        "fields": fields,
    });
    // Some cannot be written to, as in life: one has no address, two want no messages.
    if place != 19 {
        person["email"] = format!("{}.{}@example.com", plain(first), plain(last)).into();
    }
    if matches!(place, 14 | 27) {
        person["allow_email"] = false.into();
    }
    person
}

/// A name as addresses have it.
fn plain(name: &str) -> String {
    let letter = |letter: char| match letter {
        'á' | 'à' | 'â' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'í' | 'î' => 'i',
        'ó' | 'ô' => 'o',
        'ú' | 'û' => 'u',
        'ñ' => 'n',
        other => other,
    };
    name.to_lowercase().chars().map(letter).filter(char::is_ascii_alphanumeric).collect()
}

/// Accounts and opportunities with the contacts behind them.
pub fn companies(contacts: &[String]) -> Vec<Value> {
    let accounts = COMPANIES.iter().enumerate().map(|(place, [name, industry, _, country, zone])| {
        json!({
            "type": "account", "external_id": format!("sample-account-{}", place + 1), "name": name,
            "time_zone": zone, "primary_contact": contacts.get(place),
            "fields": { "industry": industry, "country": country, "employees": 12 + (place * 53) % 400 },
        })
    });
    let opportunities = (0..OPPORTUNITIES).map(|place| {
        let [company, industry, ..] = pick(&COMPANIES, place);
        json!({
            "type": "opportunity", "external_id": format!("sample-opportunity-{}", place + 1),
            "name": format!("{industry} – {company}"), "primary_contact": contacts.get(place),
            "score": 30 + (place * 29) % 65,
            "fields": { "account": company, "estimated_value": 8_000 + (place * 11_700) % 90_000, "currency": "EUR" },
        })
    });
    accounts.chain(opportunities).collect()
}
