//! What gateways tell: receipts of texts that left, and texts that came in. The same is taken once, however often it comes.

use crate::connector::text::report::{Came, Fate, Receipt};
use crate::connector::text::words::wants_no_more;
use crate::domain::channels::gateway::Gateway;
use crate::domain::delivery::TextFate;
use crate::domain::effect::TextName;
use crate::domain::phone;
use crate::domain::record::Record;
use crate::domain::record::command::RecordCommand;
use crate::id::{CommandId, GatewayId, StepId, UserId, digest};
use crate::inbound::{Inbound, Refusal};
use crate::runtime::message::{Caller, Failure};

impl Inbound {
    /// Tells the step of a receipt's message of it; whether there is one.
    pub async fn take_receipt(&self, gateway: GatewayId, receipt: Receipt) -> Result<bool, Refusal> {
        let fate = match receipt.fate {
            Fate::Delivered => TextFate::Delivered,
            Fate::Failed(why) => TextFate::Failed(why),
            Fate::Other => return Ok(false),
        };
        let step = match receipt.reference.as_deref().and_then(StepId::parse) {
            Some(step) => Some(step),
            None => self.text_named(gateway, receipt.message_id.clone().map(TextName::Message)).await?,
        };
        let Some(step) = step else { return Ok(false) };
        let message_id = receipt.message_id;
        let command = RecordCommand::ReportText { step: step.ordinal(), gateway, message_id, fate };
        self.tell(step, command, Caller::new(UserId::SYSTEM, "text")).await
    }

    /// Tells whoever was written to last at that number through that gateway; whether there is somebody.
    pub async fn take_text(&self, id: GatewayId, gateway: &Gateway, came: Came) -> Result<bool, Refusal> {
        let mut step = None;
        for number in numbers(&came.from, gateway.country.as_deref()) {
            step = self.text_named(id, Some(TextName::Number(number))).await?;
            if step.is_some() {
                break;
            }
        }
        let Some(step) = step else { return Ok(false) };
        let at = self.engine.clock().now();
        let command =
            RecordCommand::AnswerText { step: step.ordinal(), gateway: id, at, stops: wants_no_more(&came.body) };
        let caller = Caller::new(UserId::SYSTEM, "text");
        let identity = came.id.map(|text| {
            let key = digest(&[b"text", &id.0.to_be_bytes(), text.as_bytes()]);
            CommandId { key, fingerprint: [0; 16] }
        });
        self.tell(step, command, Caller { command: identity, ..caller }).await
    }

    async fn tell(&self, step: StepId, command: RecordCommand, caller: Caller) -> Result<bool, Refusal> {
        match self.engine.submit_in_turn::<Record, ()>(step.record(), command, caller, |_| ()).await {
            Ok(()) => Ok(true),
            // A step that is not there or went another way, or whose record was erased: it is about something else.
            Err(Failure::Refused(_) | Failure::Erased | Failure::KeyReused) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    async fn text_named(&self, gateway: GatewayId, name: Option<TextName>) -> Result<Option<StepId>, Refusal> {
        let Some(name) = name else { return Ok(None) };
        let store = self.engine.shared_store();
        let found = tokio::task::spawn_blocking(move || store.text(gateway, &name)).await;
        found.map_err(|_| Failure::Bug)?.map_err(|error| {
            tracing::error!(%error, "a text message cannot be looked up");
            Failure::Busy
        })
    }
}

/// What a number may be that a provider writes so: many leave the `+` out.
fn numbers(written: &str, country: Option<&str>) -> Vec<String> {
    let abroad = format!("+{}", written.trim().trim_start_matches("00"));
    let candidates = match written.trim_start().starts_with('+') {
        true => vec![phone::read(written, None)],
        false => vec![phone::read(&abroad, None), phone::read(written, country)],
    };
    candidates.into_iter().flatten().map(|number| number.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_known_however_its_provider_writes_it() {
        for written in ["+34600123456", "34600123456", "0034600123456", "600123456", " +34 600 12 34 56"] {
            assert!(numbers(written, Some("ES")).contains(&"+34600123456".to_owned()), "{written}");
        }
        assert!(numbers("INFO", Some("ES")).is_empty());
    }
}
