//! `/welcome`, the one-time link of the first start, and `/invitation`, by which users set a password.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse, get, post};
use maud::{Markup, html};
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::layout::{Field, answer, notice, plain};
use super::page::Look;
use super::session::{Opening, open};
use super::words::Words;
use crate::domain::account::command::Proof;
use crate::domain::account::{Account, Invitation};
use crate::domain::organisation::command::OrganisationCommand;
use crate::domain::organisation::{Organisation, UserProfile, UserState};
use crate::domain::policy::DEFAULT_UNIT;
use crate::id::{OrganisationId, UserId};
use crate::limits;
use crate::runtime::message::Caller;
use crate::web::App;
use crate::web::auth::{caller, real_now};
use crate::web::hygiene::origin::judge_origin;
use crate::web::password::{self, Fault};
use crate::web::problem::Problem;
use crate::web::secret::{Secret, digest_of};

/// What is wrong with a password, in words.
pub fn fault_text(words: Words, fault: Fault) -> String {
    match fault {
        Fault::Short(least) => words.fill("password-short", &[("n", &least.to_string())]),
        Fault::Long(most) => words.fill("password-long", &[("n", &most.to_string())]),
    }
}

fn new_password(words: Words) -> Markup {
    let help = words.fill("password-help", &[("n", &limits::PASSWORD_MIN.to_string())]);
    Field {
        name: "password",
        label: &words.say("password"),
        kind: "password",
        value: "",
        autocomplete: "new-password",
        help: Some(&help),
    }
    .show()
}

/// A link that leads nowhere, or does not any more.
fn gone(look: &Look) -> HttpResponse {
    let words = look.words;
    let content = html! {
        div.card.narrow {
            p { (words.say("link-gone-text")) }
            p { (words.say("link-gone-ask")) }
            p { a.button href="/sign-in" { (words.say("sign-in")) } }
        }
    };
    answer(StatusCode::NOT_FOUND, plain(look, &words.say("link-gone"), &content))
}

/// What the first administrator sends.
#[derive(Default, Deserialize)]
pub struct WelcomeForm {
    name: String,
    email: String,
    password: String,
}

fn welcome(look: &Look, form: &WelcomeForm, wrong: Option<&str>) -> Markup {
    let words = look.words;
    let (name_label, email_label) = (words.say("welcome-name"), words.say("welcome-email"));
    let email_help = words.say("welcome-email-help");
    let name =
        Field { name: "name", label: &name_label, kind: "text", value: &form.name, autocomplete: "name", help: None };
    let email = Field {
        name: "email",
        label: &email_label,
        kind: "email",
        value: &form.email,
        autocomplete: "username",
        help: Some(&email_help),
    };
    let content = html! {
        div.card.narrow {
            p { (words.say("welcome-text")) }
            (notice(wrong))
            form method="post" { (name.show()) (email.show()) (new_password(words)) button type="submit" { (words.say("welcome-begin")) } }
        }
    };
    plain(look, &words.say("welcome"), &content)
}

/// Whether it is the link that this process has printed, and nobody can administer yet.
fn is_welcome(app: &App, secret: &str) -> bool {
    let offered = app.welcome.as_ref().is_some_and(|digest| bool::from(digest.ct_eq(&digest_of(secret.as_bytes()))));
    offered && !app.engine.given().policy.organisation.has_administrator()
}

/// The form for the first administrator.
#[get("/welcome/{secret}")]
pub async fn get_welcome(app: Data<App>, look: Look, secret: Path<String>) -> HttpResponse {
    match is_welcome(&app, &secret) {
        true => answer(StatusCode::OK, welcome(&look, &WelcomeForm::default(), None)),
        false => gone(&look),
    }
}

/// Makes the first administrator and signs them in.
#[post("/welcome/{secret}")]
pub async fn post_welcome(
    app: Data<App>,
    request: HttpRequest,
    look: Look,
    secret: Path<String>,
    form: Form<WelcomeForm>,
) -> Result<HttpResponse, Problem> {
    judge_origin(&request)?;
    if !is_welcome(&app, &secret) {
        return Ok(gone(&look));
    }
    let again = |wrong: &str| Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, welcome(&look, &form, Some(wrong))));
    if let Some(fault) = password::fault(&form.password) {
        return again(&fault_text(look.words, fault));
    }
    let hash = password::hash(form.password.clone()).await?;
    // Whoever began here before and was interrupted goes on.
    let given = app.engine.given();
    let begun = given.policy.organisation.user_by_email(form.email.trim());
    let begun = begun.filter(|(_, user)| user.state == UserState::Invited).map(|(id, _)| id);
    let user = begun.unwrap_or_else(|| UserId(app.engine.ids.fresh(app.engine.clock().now())));
    let profile = UserProfile {
        name: form.name.clone(),
        email: form.email.clone(),
        business_unit: DEFAULT_UNIT.into(),
        ..UserProfile::default()
    };
    let action = "POST /welcome";
    let caller = caller(&request, UserId::NOBODY, action);
    let command = OrganisationCommand::Found { user, profile };
    let found = app.engine.submit::<Organisation, _>(OrganisationId::THE, command, caller, |_| ()).await;
    match found.map_err(Problem::from) {
        Err(problem) if matches!(problem.code, "validation_failed" | "email_taken") => again(&problem.detail),
        Err(problem) => Err(problem),
        Ok(()) => open(&app, &request, user, action, Opening::SetPassword(Proof::Founding, hash)).await,
    }
}

/// What an invited user sends.
#[derive(Deserialize)]
pub struct InvitationForm {
    password: String,
}

fn invitation(look: &Look, email: &str, wrong: Option<&str>) -> Markup {
    let words = look.words;
    let label = words.say("invitation-email");
    let account =
        Field { name: "email", label: &label, kind: "email", value: email, autocomplete: "username", help: None };
    let content = html! {
        div.card.narrow {
            (notice(wrong))
            form method="post" { (account.show()) (new_password(words)) button type="submit" { (words.say("invitation-set")) } }
        }
    };
    plain(look, &words.say("invitation"), &content)
}

/// The user whom a link invites, with the address they sign in with, if it is valid now.
async fn invited(app: &App, link: &str) -> Result<Option<(UserId, String, Invitation)>, Problem> {
    let Some(secret) = Secret::parse(link) else { return Ok(None) };
    let user = UserId(secret.id.0);
    let kept =
        app.engine.read::<Account, _>(user.account(), Caller::SYSTEM, |seen| seen.state.invitation.clone()).await?;
    let given = app.engine.given();
    let valid = kept.filter(|kept| bool::from(kept.digest.ct_eq(&secret.digest())) && kept.expires_at > real_now());
    let known = given.policy.user(user).filter(|user| user.state != UserState::Disabled);
    Ok(valid.zip(known).map(|(kept, known)| (user, known.profile.email.clone(), kept)))
}

/// The form for an invited user.
#[get("/invitation/{link}")]
pub async fn get_invitation(app: Data<App>, look: Look, link: Path<String>) -> Result<HttpResponse, Problem> {
    Ok(match invited(&app, &link).await? {
        Some((_, email, _)) => answer(StatusCode::OK, invitation(&look, &email, None)),
        None => gone(&look),
    })
}

/// Sets the password and signs in; the link is used up.
#[post("/invitation/{link}")]
pub async fn post_invitation(
    app: Data<App>,
    request: HttpRequest,
    look: Look,
    link: Path<String>,
    form: Form<InvitationForm>,
) -> Result<HttpResponse, Problem> {
    judge_origin(&request)?;
    let Some((user, email, kept)) = invited(&app, &link).await? else { return Ok(gone(&look)) };
    if let Some(fault) = password::fault(&form.password) {
        let wrong = fault_text(look.words, fault);
        return Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, invitation(&look, &email, Some(&wrong))));
    }
    let hash = password::hash(form.into_inner().password).await?;
    let opening = Opening::SetPassword(Proof::Invitation(kept.digest), hash);
    open(&app, &request, user, "POST /invitation", opening).await
}
