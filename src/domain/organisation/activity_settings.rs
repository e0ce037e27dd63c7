//! What holds for activities: the organisation's settings, and a seller's own where these are not locked.

use serde::{Deserialize, Serialize};

use super::Organisation;
use super::settings::CallResult;
use crate::id::UserId;

/// What somebody has chosen for themselves; what is not chosen is as in the organisation (W-64).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnActivitySettings {
    /// See [`ActivitySettings::linked`].
    pub linked: Option<bool>,
    /// See [`ActivitySettings::exclude_calls`].
    pub exclude_calls: Option<bool>,
    /// See [`ActivitySettings::completes_step`].
    pub completes_step: Option<bool>,
    /// See [`ActivitySettings::call_completes_step`].
    pub call_completes_step: Option<bool>,
    /// See [`ActivitySettings::call_result`].
    pub call_result: Option<CallResult>,
}

/// What holds for the activities of one seller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivitySettings {
    /// Steps have an activity on the timeline as soon as they open.
    pub linked: bool,
    /// But not calls.
    pub exclude_calls: bool,
    /// Completing an activity that is no call completes its step.
    pub completes_step: bool,
    /// The same of a call.
    pub call_completes_step: bool,
    /// How a call ended whose result nobody tells.
    pub call_result: CallResult,
}

impl Organisation {
    /// What holds for the activities of a user.
    pub fn activity_settings(&self, user: UserId) -> ActivitySettings {
        let all = &self.settings;
        let nothing = OwnActivitySettings::default();
        let own = match self.own_settings.get(&user) {
            Some(own) if !all.lock_activity_settings => &own.activities,
            _ => &nothing,
        };
        ActivitySettings {
            linked: own.linked.unwrap_or(all.linked_activities),
            exclude_calls: own.exclude_calls.unwrap_or(all.linked_activities_exclude_calls),
            completes_step: own.completes_step.unwrap_or(all.activity_completes_step),
            call_completes_step: own.call_completes_step.unwrap_or(all.call_completes_step),
            call_result: own.call_result.as_ref().unwrap_or(&all.call_result).clone(),
        }
    }
}
