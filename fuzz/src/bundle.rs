//! A bundle from somebody else's server: read, written again, and judged.

use relance::domain::entity::Stamp;
use relance::domain::given::Given;
use relance::id::UserId;
use relance::time::Timestamp;
use relance::web::bundle::Bundle;
use relance::web::bundle::unpack::unpack;
use serde_json::Value;

/// The JSON of a bundle.
pub fn run(bytes: &[u8]) {
    let Ok(bundle) = serde_json::from_slice::<Bundle<Value>>(bytes) else { return };
    let stamp = Stamp { at: Timestamp::from_millis(0), by: UserId::ADMINISTRATOR };
    let [strict, forced] = [false, true].map(|force| unpack(&Given::default(), bundle.clone(), stamp, force));
    if let Ok(unpacked) = &strict {
        assert!(unpacked.warnings.is_empty(), "what is missing is refused unless it is forced");
    }
    assert!(strict.is_err() || forced.is_ok(), "force takes whatever is taken without it");
    if let Ok(read) = bundle.read() {
        let text = read.text();
        let again: Bundle<Value> = serde_json::from_str(&text).expect("what was written is read");
        assert_eq!(again.read().expect("what was written is read").text(), text);
    }
}
