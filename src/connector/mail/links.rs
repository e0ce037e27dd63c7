//! The links of a message that lead back here: to a picture that tells of an opening, to where a link goes, and out of such
//! messages. Each is an opaque id that only this server can make, so that whatever is altered leads nowhere.
//!
//! An id is a step, what is meant of its message, and the first bytes of an authentication code over both, in base64. It names
//! no destination: that is looked up in what was written when the message left (ASVS 3.7.2).

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::connector::seal::Seal;
use crate::id::{StepId, SuppressionId};

/// Bytes of a step in an id.
const STEP_BYTES: usize = 16;
/// Bytes of the authentication code in an id; [`Seal::has_derived`] takes no fewer.
const CODE_BYTES: usize = 16;

/// Makes and reads ids.
#[derive(Clone, Debug)]
pub struct Links(Arc<Seal>);

impl Links {
    /// Ids under the server's key; those that were made under an older one are still read.
    pub fn new(seal: Arc<Seal>) -> Links {
        Links(seal)
    }

    /// What an e-mail address is suppressed under.
    pub fn address(&self, address: &str) -> SuppressionId {
        SuppressionId::of(&self.0.derive(ADDRESS, normal(address).as_bytes()))
    }

    /// The same, and what it is suppressed under by older keys.
    pub fn addresses(&self, address: &str) -> Vec<SuppressionId> {
        self.0.derive_all(ADDRESS, normal(address).as_bytes()).iter().map(SuppressionId::of).collect()
    }

    /// What a phone number is suppressed under, by each key; only its digits count.
    pub fn numbers(&self, number: &str) -> Vec<SuppressionId> {
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.strip_prefix("00").unwrap_or(&digits);
        self.0.derive_all(NUMBER, digits.as_bytes()).iter().map(SuppressionId::of).collect()
    }

    /// The path of the picture that tells of an opening.
    pub fn open(&self, step: StepId) -> String {
        format!("/t/o/{}", self.make(OPEN, step, &[]))
    }

    /// The path of the link of that number.
    pub fn click(&self, step: StepId, link: u16) -> String {
        format!("/t/c/{}", self.make(CLICK, step, &link.to_be_bytes()))
    }

    /// The path of the file of that number.
    pub fn attachment(&self, step: StepId, number: u16) -> String {
        format!("/t/a/{}", self.make(ATTACHMENT, step, &number.to_be_bytes()))
    }

    /// The path out of such messages. It names the address by what is kept of it when the record is erased.
    pub fn unsubscribe(&self, step: StepId, address: SuppressionId) -> String {
        format!("/u/{}", self.make(UNSUBSCRIBE, step, &address.0.to_be_bytes()))
    }

    /// The step of an opening.
    pub fn opened(&self, id: &str) -> Option<StepId> {
        self.read::<0>(OPEN, id).map(|(step, _)| step)
    }

    /// The step and the number of a link.
    pub fn clicked(&self, id: &str) -> Option<(StepId, u16)> {
        self.read(CLICK, id).map(|(step, link)| (step, u16::from_be_bytes(link)))
    }

    /// The step and the number of a file.
    pub fn fetched(&self, id: &str) -> Option<(StepId, u16)> {
        self.read(ATTACHMENT, id).map(|(step, number)| (step, u16::from_be_bytes(number)))
    }

    /// The step, and whose address it was for.
    pub fn unsubscribed(&self, id: &str) -> Option<(StepId, SuppressionId)> {
        self.read(UNSUBSCRIBE, id).map(|(step, address)| (step, SuppressionId(u128::from_be_bytes(address))))
    }

    fn make(&self, purpose: &str, step: StepId, rest: &[u8]) -> String {
        let named = [&step.0.to_be_bytes(), rest].concat();
        let code = self.0.derive(purpose, &named);
        BASE64_URL_SAFE_NO_PAD.encode([&named, &code[..CODE_BYTES]].concat())
    }

    fn read<const REST: usize>(&self, purpose: &str, id: &str) -> Option<(StepId, [u8; REST])> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(id).ok()?;
        let (named, code) = bytes.split_at_checked(STEP_BYTES + REST)?;
        if code.len() != CODE_BYTES || !self.0.has_derived(purpose, named, code) {
            return None;
        }
        let (step, rest) = named.split_first_chunk()?;
        Some((StepId(u128::from_be_bytes(*step)), rest.try_into().ok()?))
    }
}

/// However it is written: no server that takes mail of today tells capitals apart, and a domain beyond ASCII has a form
/// within it (IDNA).
fn normal(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    match url::Host::parse(domain.trim_end_matches('.')) {
        Ok(url::Host::Domain(domain)) => format!("{local}@{domain}"),
        _ => address,
    }
}

const ADDRESS: &str = "suppressed address";
const NUMBER: &str = "suppressed number";
const OPEN: &str = "message opened";
const CLICK: &str = "message link";
const ATTACHMENT: &str = "message attachment";
const UNSUBSCRIBE: &str = "message unsubscribe";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::secret::Secret;
    use crate::id::RecordId;

    fn links() -> Links {
        Links::new(Arc::new(Seal::new(&Seal::fresh_key().unwrap()).unwrap()))
    }

    fn step() -> StepId {
        StepId::of(RecordId(0x0198_0000_0000_7000_8000_1234_5670_0000), 7)
    }

    fn id(path: &str) -> &str {
        path.rsplit('/').next().unwrap()
    }

    /// Whether anything reads it.
    fn leads_somewhere(links: &Links, id: &str) -> bool {
        let fetched = links.fetched(id).is_some();
        fetched || links.opened(id).is_some() || links.clicked(id).is_some() || links.unsubscribed(id).is_some()
    }

    #[test]
    fn what_was_made_is_read_for_its_own_use_only() {
        let (links, address) = (links(), SuppressionId::of(&[9; 32]));
        let (open, click, out) = (links.open(step()), links.click(step(), 300), links.unsubscribe(step(), address));
        assert_eq!(links.opened(id(&open)), Some(step()));
        assert_eq!(links.clicked(id(&click)), Some((step(), 300)));
        assert_eq!(links.unsubscribed(id(&out)), Some((step(), address)));
        assert_eq!([links.opened(id(&click)), links.opened(id(&out))], [None, None]);
        assert_eq!([links.clicked(id(&open)), links.clicked(id(&out))], [None, None]);
        assert_eq!([links.unsubscribed(id(&open)), links.unsubscribed(id(&click))], [None, None]);
        let file = links.attachment(step(), 300);
        assert_eq!(links.fetched(id(&file)), Some((step(), 300)));
        assert_eq!([links.clicked(id(&file)), links.fetched(id(&click))], [None, None]);
        assert!(
            file.starts_with("/t/a/")
                && open.starts_with("/t/o/")
                && click.starts_with("/t/c/")
                && out.starts_with("/u/")
        );
    }

    #[test]
    fn ids_of_another_server_lead_nowhere_and_those_of_an_older_key_go_on() {
        let (old, new) = (Seal::fresh_key().unwrap(), Seal::fresh_key().unwrap());
        let of = |keys: &str| Links::new(Arc::new(Seal::new(&Secret::new(keys)).unwrap()));
        let made = of(old.expose()).click(step(), 1);
        assert!(!leads_somewhere(&of(new.expose()), id(&made)));
        let rotated = of(&format!("{} {}", new.expose(), old.expose()));
        assert_eq!(rotated.clicked(id(&made)), Some((step(), 1)));
    }

    /// Reliability, section 6, row 10: 100,000 altered ids, and not one of them leads anywhere.
    #[test]
    fn altered_ids_lead_nowhere() {
        let (links, mut chance) = (links(), fastrand::Rng::with_seed(7));
        let out = links.unsubscribe(step(), SuppressionId::of(&[1; 32]));
        let made = [links.open(step()), links.click(step(), 0), links.attachment(step(), 0), out];
        let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain("-_=.%/ é\0".chars()).collect();
        for round in 0..100_000 {
            let original = id(&made[round % made.len()]);
            let mut altered: Vec<char> = original.chars().collect();
            match chance.u8(0..6) {
                0..=2 => {
                    let place = chance.usize(..altered.len());
                    altered[place] = alphabet[chance.usize(..alphabet.len())];
                }
                3 => altered.truncate(chance.usize(..altered.len())),
                4 => altered.insert(chance.usize(..=altered.len()), alphabet[chance.usize(..alphabet.len())]),
                _ => {
                    let (one, other) = (chance.usize(..altered.len()), chance.usize(..altered.len()));
                    altered.swap(one, other);
                }
            }
            let altered: String = altered.into_iter().collect();
            assert!(altered == original || !leads_somewhere(&links, &altered), "{altered:?} of {original:?}");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let links = links();
        let same = [" Ada@Xn--caf-Dma.Example", "ada@CAFÉ.example", "ADA@café.example."];
        for address in same {
            assert_eq!(links.address(address), links.address("ada@café.example"), "{address}");
            assert!(links.addresses(address).contains(&links.address(same[0])), "{address}");
        }
        for other in ["ada@cafe.example", "ada+x@café.example", "ada", "ada@[192.0.2.1]", ""] {
            assert_ne!(links.address(other), links.address(same[0]), "{other}");
        }
        assert_eq!(links.numbers("+34 600-000-000"), links.numbers("0034600000000"));
        assert_ne!(links.numbers("+34600000000"), links.numbers("+34600000001"));
    }

    #[test]
    fn another_step_link_or_address_needs_a_code_of_its_own() {
        let links = links();
        let (made, other) = (links.click(step(), 1), links.click(step(), 2));
        let bytes = |path: &str| BASE64_URL_SAFE_NO_PAD.decode(id(path)).unwrap();
        let (mut made, other) = (bytes(&made), bytes(&other));
        made[STEP_BYTES..STEP_BYTES + 2].copy_from_slice(&other[STEP_BYTES..STEP_BYTES + 2]);
        assert_eq!(links.clicked(&BASE64_URL_SAFE_NO_PAD.encode(&made)), None);
        assert_eq!(links.clicked(""), None);
    }
}
