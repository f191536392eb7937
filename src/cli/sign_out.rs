//! `handclasp sign-out`: forgets a sign-in that was kept in the operating system's keyring.

use crate::drive::Keeper;
use crate::engine::words::{say, say_with, ui};
use crate::platform::env::Environment;
use crate::platform::files::{self, Readers};
use crate::platform::keyring::Keyring;

use super::args::Common;
use super::exit::Exit;
use super::failure::Failure;
use super::ground::{Ground, PracticeSignIn};
use super::output::Output;

/// Forgets the kept sign-in for the chosen cloud, tenant and client, and keeps none from now on.
///
/// # Errors
/// When the keyring cannot be reached, so that nobody knows what stands in it, or the choices file cannot be written.
pub async fn run(common: &Common, environment: &Environment, output: &mut Output) -> Result<Exit, Failure> {
    let forgotten = forget(common, environment, Keyring::of_system()).await?;
    output.say(ui(if forgotten { "keep.forgotten" } else { "keep.nothing" }));
    Ok(Exit::Fine)
}

/// Whether there was anything to forget.
async fn forget(common: &Common, environment: &Environment, keyring: Keyring) -> Result<bool, Failure> {
    if common.practice.is_some() {
        return Err(
            Failure::wrong_usage(say("practising.no_sign_out")).next(say("practising.no_sign_out_next"))
        );
    }
    let mut ground = Ground::prepare(common, environment, PracticeSignIn::AtThePage).await?;
    let asked_for = std::mem::take(&mut ground.choices.keep_signed_in);
    if let Some(file) = ground.choices_file.as_deref().filter(|_| asked_for) {
        let text = toml::to_string(&ground.choices).map_err(|error| {
            Failure::new(
                Exit::OurFault,
                say_with("given_file.choices_not_written", &[("error", &error.to_string())]),
            )
        })?;
        files::write_whole(file, text.as_bytes(), Readers::OnlyMe)?;
    }
    let keeper = Keeper::new(keyring, &ground.cloud, &ground.config.client_id);
    keeper.forget(ground.choices.tenant.as_deref()).await.map_err(|trouble| {
        Failure::from(trouble).means(ui("keep.not_forgotten_means")).next(ui("keep.not_forgotten_next"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::ground::AZURE_CLI;
    use super::*;
    use crate::engine::choices::Choices;
    use crate::engine::clouds::Cloud;

    /// Signs out with this choices file; what came of it, and what the file holds afterwards.
    async fn out(keyring: &Keyring, choices: &Choices) -> (Result<bool, Failure>, Choices) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("choices.toml");
        std::fs::write(&file, toml::to_string(choices).unwrap()).unwrap();
        let common = Common { choices: Some(file.clone()), ..Common::default() };
        let outcome = forget(&common, &Environment::desktop(), keyring.clone()).await;
        (outcome, toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap())
    }

    #[tokio::test]
    async fn what_was_kept_is_forgotten_and_what_was_not_is_not_claimed() {
        let keyring = Keyring::in_memory();
        let cloud = Cloud::named("public").unwrap();
        let name = format!("{} contoso.com {AZURE_CLI}", cloud.login.host_str().unwrap());
        keyring.keep(&name, &"token".into()).await.unwrap();
        let choices =
            Choices { tenant: Some("contoso.com".into()), keep_signed_in: true, ..Choices::default() };
        let (outcome, kept) = out(&keyring, &choices).await;
        assert_eq!((outcome.unwrap(), kept.keep_signed_in), (true, false));
        assert_eq!(kept.tenant, choices.tenant, "the rest stays");
        assert!(keyring.read(&name).await.unwrap().is_none());
        assert!(!out(&keyring, &choices).await.0.unwrap(), "there was nothing any more");
    }

    #[tokio::test]
    async fn without_a_keyring_nothing_is_claimed_but_none_is_kept_from_now_on() {
        let choices = Choices { keep_signed_in: true, ..Choices::default() };
        let (outcome, kept) = out(&Keyring::out_of_reach(), &choices).await;
        let failure = outcome.unwrap_err();
        assert!(failure.what.contains("keyring"), "{failure:?}");
        assert_eq!(failure.exit, Exit::Fails);
        assert!(
            failure.next.contains("sign-out") && !failure.means.contains("stays in memory"),
            "{failure:?}"
        );
        assert!(!kept.keep_signed_in);
    }

    #[tokio::test]
    async fn practice_has_nobody_to_sign_out() {
        let common = Common { practice: Some("fresh".into()), ..Common::default() };
        let failure = forget(&common, &Environment::desktop(), Keyring::in_memory()).await.unwrap_err();
        assert_eq!(failure.exit, Exit::WrongUsage);
    }
}
