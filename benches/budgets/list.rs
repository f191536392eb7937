//! From the start of the program to the first list of apps, in a tenant with two thousand, every answer delayed.

use std::path::Path;
use std::time::{Duration, Instant};

use handclasp::engine::words::{ui, words};
use handclasp::practice::{Options, Practice};
use tokio::runtime::Runtime;

use crate::look::DELAY;
use crate::terminal::Program;
use crate::{APP, HANDCLASP, Result};

/// What was measured.
pub struct First {
    /// From the start of the program, the pauses before the two keys left out.
    pub from_start: Duration,
    /// From the choice of how to sign in: the sign-in, which nobody is waited for, then the list.
    pub from_sign_in: Duration,
    /// How many function apps there were.
    pub apps: usize,
}

/// Starts the wizard on a practice cloud of this process, signs in with a code, and waits for the list.
pub fn first(runtime: &Runtime) -> Result<First> {
    let options = Options { auto_approve: Some("ada".to_owned()), ..Options::default() };
    let practice = runtime.block_on(Practice::start("many-apps", options))?;
    let apps = {
        let world = practice.world();
        let mut world = world.lock();
        world.latency_ms = u64::try_from(DELAY.as_millis())?;
        world.switches.device_code_interval_s = 0;
        world
            .sites
            .iter()
            .filter(|site| site.kind.starts_with("functionapp") && !site.kind.contains("workflow"))
            .count()
    };
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (cloud, choices) = (path("cloud.toml"), path("choices.toml"));
    std::fs::write(&cloud, practice.cloud_toml())?;
    let arguments = ["--cloud", &cloud, "--choices", &choices, "--no-browser"];
    let mut program = Program::start(Path::new(HANDCLASP), &arguments)?;
    let page = program.until_shown(&words().welcome().title)?;
    program.choose(ui("flow.begin"))?;
    program.choose(ui("sign_in.device"))?;
    let chosen = Instant::now();
    program.until_shown(APP)?;
    let from_sign_in = chosen.elapsed();
    Ok(First { from_start: page + from_sign_in, from_sign_in, apps })
}
