//! Every problem there is: what clients may rely on, and what the `/problems` pages explain.

/// Every code this server answers with, its status, and what it means: the `/problems` pages.
pub const CODES: &[(&str, u16, &str)] = &[
    (
        "malformed",
        400,
        "The request cannot be read: no JSON, a value of another type, or a member that does not exist.",
    ),
    ("unauthenticated", 401, "The request carries no valid token. Send it as `Authorization: Bearer TOKEN`."),
    (
        "cross_site",
        403,
        "The request changes something, a cookie says who sent it, and it does not come from a page of this server. \
         Programs send a token.",
    ),
    ("not_found", 404, "There is nothing under this address or id."),
    (
        "forbidden_role",
        403,
        "You can see this, but none of your roles lets you do it (P-32, first cause). An administrator can give you a role, \
         or hand you the record or sequence.",
    ),
    (
        "feature_disabled",
        403,
        "The workspace is switched on for other roles than yours (P-32, second cause; P-30). An administrator can change \
         that in the settings.",
    ),
    (
        "option_unavailable",
        403,
        "The program that asks holds a token without the scope for it (P-32, third cause). Its user can make one with more \
         scopes.",
    ),
    (
        "cursor_expired",
        410,
        "What follows the cursor is not kept any more, or the cursor is of another store: events are kept for a week at most. Read \
         what you need again, and follow from there.",
    ),
    ("method_not_allowed", 405, "The address exists, but not with this method; `Allow` names those it has."),
    ("body_too_slow", 408, "The request's body came too slowly; the connection was closed. Send it again."),
    ("already_connected", 409, "The record is going through this sequence already (K-6)."),
    (
        "reentry_refused",
        409,
        "The record was in this sequence before, and the sequence does not let it in again yet, or at all.",
    ),
    (
        "sequence_excluded",
        409,
        "The record is in another sequence, and one of the two is exclusive by a tag of the other: it leaves that first.",
    ),
    ("sequence_not_active", 409, "Records can only be connected to an active sequence (Q-44)."),
    ("sequence_active", 409, "This can only be changed while the sequence is not active (Q-25, Q-50)."),
    ("active_limit_reached", 409, "The organisation has as many active sequences as it may have (L-1)."),
    (
        "revision_conflict",
        409,
        "Another person has a revision of this sequence open; it is published or discarded first.",
    ),
    ("not_in_revision", 409, "No revision of the sequence is open, so there is none to discard."),
    ("versions_exhausted", 409, "The sequence has as many versions as it may have (L-7)."),
    (
        "migration_running",
        409,
        "Records of the sequence are being moved to another version, or back; wait until that is done (D-47).",
    ),
    ("migration_undone", 409, "The migration was taken back before (D-47)."),
    (
        "ab_test_locked",
        409,
        "The display name of an A/B test stays once records are connected (AB-3); everything else may change in a revision, \
         which begins another test.",
    ),
    (
        "ab_test_finished",
        409,
        "The A/B test has ended or was stopped; it is neither edited nor used again. Copy the step (AB-11).",
    ),
    ("ab_test_not_running", 409, "Nobody has reached the A/B test yet, so there is nothing to stop; edit it instead."),
    (
        "ab_choice_required",
        422,
        "A test is stopped with the version, `a` or `b`, that everybody gets from now on (AB-10).",
    ),
    ("enrolment_ended", 409, "The enrolment has ended; nothing can be done with it any more."),
    ("step_not_open", 409, "Somebody or something has completed, skipped or cancelled the step already (R-23)."),
    ("activity_not_open", 409, "The activity was completed or cancelled already (R-23)."),
    ("too_many_activities", 409, "The record has as many activities as one record can hold."),
    ("too_many_marks", 409, "As many people have read or follow the record as it can remember."),
    (
        "activity_takes_no_action",
        422,
        "An activity is completed, cancelled or assigned; the other actions are those of steps.",
    ),
    ("step_waits", 409, "A wait or a condition cannot be completed; skip the wait, or skip the step."),
    ("not_waiting", 409, "The step does not wait, so there is no wait to skip (R-14)."),
    ("email_missing", 422, "The record has no e-mail address to send to (W-83)."),
    ("email_not_allowed", 422, "The person does not want e-mail (W-83)."),
    (
        "text_impossible",
        422,
        "The text message cannot be sent from here: no gateway, no number, or the person does not want it (W-93).",
    ),
    ("send_at_in_past", 422, "An e-mail can only be scheduled for a later time than now (W-85)."),
    ("message_under_way", 409, "The e-mail of this step is on its way out already; skip its wait, or skip the step."),
    ("bulk_mixed_steps", 422, "A bulk e-mail goes to records that stand on the same step of the same sequence (W-87)."),
    ("nothing_selected", 422, "An action on a selection needs at least one item."),
    ("bulk_empty", 422, "A bulk e-mail needs at least one step."),
    ("nothing_to_retry", 409, "The step has no error, so there is nothing to try again."),
    (
        "delivery_known",
        409,
        "What became of this message is known, or it has not been tried; there is nothing to settle.",
    ),
    ("signature_invalid", 403, "What a text gateway posts has to be signed as the gateway is described."),
    ("external_id_taken", 409, "Another record of this type has this external id."),
    ("backup_under_way", 409, "Another backup is being made; one is made at a time."),
    ("email_taken", 409, "Another user has this e-mail address."),
    ("address_taken", 409, "Another mailbox has this address; messages are told apart by it."),
    ("channels_full", 409, "There are as many mailboxes or text gateways as there may be."),
    (
        "last_administrator",
        409,
        "This would leave nobody who can administer; make somebody else an administrator first.",
    ),
    ("organisation_full", 409, "The organisation has as many users, teams or members of a team as it may have."),
    ("name_taken", 409, "There is another one of this name already."),
    ("built_in", 409, "Every organisation has this type or field as it is; only its label can be changed."),
    (
        "record_type_in_use",
        409,
        "There are records or sequences of this type, a field leads to it, or a filter or sort is for it; remove those first.",
    ),
    (
        "catalogue_full",
        409,
        "There are as many record types, fields, process flows, tags, filters, groups or sorts as there may be.",
    ),
    (
        "filter_builtin",
        409,
        "Built-in filters and their groups are neither edited, moved nor deleted; such a filter can only be hidden (W-30).",
    ),
    (
        "sort_builtin",
        409,
        "Built-in sorts are neither edited nor deleted; such a sort can only be hidden, and moved among the others (W-43).",
    ),
    (
        "sort_default",
        409,
        "The default sort is neither hidden nor deleted, and a hidden sort is not made the default (W-43). Show it first, or \
         make another one the default.",
    ),
    ("too_many_tokens", 409, "A user has at most 100 tokens; revoke one first."),
    ("record_full", 409, "The record has gone through as many steps as one record can hold."),
    ("version_mismatch", 412, "The resource has changed since you read it; read it again and repeat your change."),
    ("batch_too_large", 413, "A batch has at most 1,000 items; send several."),
    ("too_large", 413, "The request body is larger than this address takes."),
    ("uri_too_long", 414, "The address with its query is longer than any that this server has."),
    ("unsupported_media_type", 415, "The body is of another type than this address takes."),
    ("validation_failed", 422, "Values do not fit, or the sequence has errors; `errors` names each with its place."),
    (
        "field_kind_fixed",
        422,
        "A field keeps its kind for good, also after it was removed, because records hold its values; take another name.",
    ),
    ("tag_slash", 422, "The name of a tag has no `/`, which stands between the names of a path (Q-80)."),
    ("tag_depth", 422, "Tags nest up to four levels (Q-81)."),
    ("tag_level_full", 422, "Below a tag there are at most 100 tags (Q-81)."),
    ("tag_cycle", 422, "A tag cannot be moved below itself or a tag below it."),
    ("at_in_future", 422, "Nobody knows yet what will be at that instant; a dry run says what may."),
    ("record_inactive", 422, "The record is closed; reopen it first (K-7)."),
    ("record_type_mismatch", 422, "The sequence runs on records of another type (K-7)."),
    (
        "snooze_not_allowed",
        422,
        "Only an open step of a seller can be snoozed, no activity, and at most 10,000 times (R-13).",
    ),
    ("snooze_in_past", 422, "A step can only be snoozed to a later time than now (R-13)."),
    (
        "call_result_required",
        422,
        "The sequence looks at how this call ended, so completing it needs `call_result` (CO-35).",
    ),
    (
        "cards_locked",
        409,
        "The cards of the work list look the same for everybody, or only administrators arrange them (A-14, W-70).",
    ),
    (
        "activity_settings_locked",
        409,
        "What holds for activities and call results is the same for everybody here (A-9). An administrator can unlock it.",
    ),
    (
        "template_shipped",
        409,
        "This message template comes with the product and stays as it is. Create one of your own with its text.",
    ),
    (
        "referenced_by_active_sequence",
        409,
        "An active sequence uses this, or advances to it (Q-58). Deactivate that sequence, or publish a version of it that \
         does without; a sequence can also be deactivated or deleted with `force=true`.",
    ),
    ("undo_running", 409, "What has begun in the sequence lately is being undone. Wait until that is done."),
    ("no_pilot", 409, "The sequence has no pilot: every record that is connected to it begins already."),
    ("fuse_whole", 409, "The fuse of the sequence has not blown, so there is nothing to reset."),
    ("webhooks_full", 409, "There are as many webhooks as there may be. Delete those that nobody needs."),
    (
        "suppressions_full",
        409,
        "There are as many suppressions as people may write. Take away those that nobody needs.",
    ),
    ("attachments_full", 409, "The template has as many attachments as it may have. Take one away first."),
    ("templates_full", 409, "There are as many message templates as there may be. Delete those that nobody uses."),
    (
        "template_invalid",
        422,
        "The text is no message template: it does not read, or it does more than values, `if` and `default` do, or it \
         grows too long.",
    ),
    (
        "merge_field_unknown",
        422,
        "The text names a merge field that neither records nor sellers have. `detail` says which, where, and what there is.",
    ),
    (
        "sandbox_only",
        422,
        "This is for a sandbox (`relance serve --sandbox`), which never sends anything outside (A-3).",
    ),
    (
        "assignee_unresolved",
        422,
        "Nobody is found whom the sequence gives the steps of this record to: the field is empty, the record belongs to no \
         such team, no member fulfils the condition, or the user is disabled (Q-30).",
    ),
    (
        "assign_to_invalid",
        422,
        "Nobody could ever be found so to give steps to: the field holds no user, or the condition on the members of the team \
         does not fit what is known of users.",
    ),
    (
        "record_type_disabled",
        422,
        "The organisation works without records of this type (A-2). An administrator can enable it in the settings.",
    ),
    (
        "simulation_too_large",
        422,
        "A dry run of so many records takes too long for one request; simulate fewer at once.",
    ),
    ("call_result_invalid", 422, "The call result is unknown, or the step is no phone call."),
    ("not_a_text", 422, "A text message is sent from the step of a text message."),
    ("not_an_email", 422, "E-mail signals belong to e-mail steps."),
    ("event_type_unknown", 422, "The server does not take events of this type."),
    ("idempotency_key_reused", 422, "This Idempotency-Key was sent before with another request; use a new one."),
    ("clock_backwards", 422, "The test clock never goes back."),
    (
        "import_missing_dependency",
        422,
        "The bundle names things that neither it nor this server has; `errors` lists them with their places. Nothing was \
         changed. Import what is missing first or with it, or all the same with `force=true` (Q-94).",
    ),
    ("template_unknown", 422, "There is no such template."),
    (
        "monthly_quota_reached",
        429,
        "As many records were connected in this calendar month (UTC) as the organisation's quota lets in (L-3, K-15). An \
         administrator can raise it in the settings.",
    ),
    (
        "too_many_requests",
        429,
        "More requests came than this client, credential or account may send; try again after the seconds in \
         `Retry-After`.",
    ),
    ("headers_too_large", 431, "The request has more headers, or larger ones, than this server reads."),
    ("internal", 500, "The server met a defect. It was logged; the record concerned is unharmed on disk."),
    ("busy", 503, "Too much is under way; try again after the seconds in `Retry-After`."),
    (
        "disk_full",
        503,
        "The server's disk is full: nothing was changed. Reading goes on, and commands are accepted again once there is \
         space; repeat the request after the seconds in `Retry-After`.",
    ),
    (
        "timed_out",
        503,
        "There was no answer in time. A command that had been accepted goes on and may be done by now: repeat it with the \
         same Idempotency-Key, or look, before you send it anew.",
    ),
    ("unavailable", 503, "The server does not accept commands: it is starting, stopping, or its store has failed."),
];
