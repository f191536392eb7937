//! The maker's side: the connector page, its connections, the consent host, and the Power Apps APIs (power-platform 1, 2, 6).

mod call;
mod connect;
mod definition;
mod fields;
mod governance;
mod import;
mod login;
mod pages;
mod postman;
mod provider;
mod save;
mod upload;
mod writes;

use http::Method;

use super::entra::page::message;
use super::wire::{Caller, Reply, Request};
use super::world::World;

pub use call::{Tested, test};
pub use connect::{Begun, Place, begin, finish};
pub use definition::{LONGEST_TITLE, from_blank};
pub use fields::Fields;
pub use import::{Kind, import};
pub use login::at_home;
pub use save::{import_solution, save};

/// Answers one request to the maker portal, the Power Apps APIs or the consent host.
pub fn handle(world: &mut World, request: &Request, caller: &Caller) -> Reply {
    let path = request.decoded_path();
    let words: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match words.as_slice() {
        ["redirect", internal] => came_back(world, request, internal),
        ["providers", space, ..] if space.eq_ignore_ascii_case("PowerPlatform.Governance") => {
            governance::handle(world, request, caller)
        }
        ["providers", ..] => provider::handle(world, request, caller),
        ["_make", "definitions", name, _] if request.method == Method::GET => {
            provider::original(world, request, name)
        }
        ["_make", rest @ ..] => maker(world, request, "/_make", rest),
        rest if request.is_public() => maker(world, request, "", rest),
        _ => Reply::unknown(),
    }
}

/// The pages. They belong to the person whom the scenario is about, who is signed in there.
fn maker(world: &mut World, request: &Request, base: &str, words: &[&str]) -> Reply {
    // The real addresses name the environment first; it makes no difference here.
    let words = match words {
        ["environments", _, rest @ ..] | ["manage", rest @ ..] => rest,
        other => other,
    };
    let owner = world.auto_approve.clone().unwrap_or_else(|| world.default_user.clone());
    let place =
        |world: &World, name: &str| world.connectors.iter().position(|connector| connector.name == name);
    match (&request.method, words) {
        (&Method::GET, [] | ["connectors"] | ["customconnectors" | "connections", ..]) => {
            pages::list(world, base)
        }
        (&Method::GET, ["connectors", "new"]) => pages::edit(base, &Fields::default(), None, None),
        (&Method::POST, ["connectors", "new"]) => {
            let fields = Fields::from_form(&request.form());
            match save(world, &owner, &fields, None) {
                Ok(at) => {
                    let name = world.connectors.get(at).map(|saved| saved.name.clone()).unwrap_or_default();
                    Reply::redirect(&format!("{base}/connectors/{name}"))
                }
                Err(problem) => pages::edit(base, &fields, None, Some(&problem)),
            }
        }
        (&Method::GET, ["connectors", "import"]) => pages::import(base, None),
        (&Method::POST, ["connectors", "import"]) => match imported(world, request) {
            Ok(fields) => pages::edit(base, &fields, None, None),
            Err(problem) => pages::import(base, Some(&problem)),
        },
        (method, ["connectors", name, rest @ ..]) => {
            let Some(at) = place(world, name) else {
                return message(404, "Custom connector", "There is no such connector.");
            };
            one(world, request, base, &owner, at, method, rest)
        }
        _ => Reply::unknown(),
    }
}

/// The fields that a chosen file fills in.
fn imported(world: &World, request: &Request) -> Result<Fields, String> {
    let parts = upload::parts(request).unwrap_or_default();
    let part = |name: &str| parts.iter().find(|(known, _)| known == name).map(|(_, body)| body.as_slice());
    let text = |name: &str| part(name).map(|body| String::from_utf8_lossy(body).trim().to_owned());
    let file = part("file").filter(|file| !file.is_empty()).ok_or("Choose a file.")?;
    let kind = if text("kind").as_deref() == Some("postman") { Kind::Postman } else { Kind::OpenApi };
    import(world, kind, &text("title").unwrap_or_default(), file)
}

fn one(
    world: &mut World,
    request: &Request,
    base: &str,
    owner: &str,
    at: usize,
    method: &Method,
    rest: &[&str],
) -> Reply {
    let gone = || message(404, "Custom connector", "There is no such connector.");
    match (method, rest) {
        (&Method::GET, [] | ["edit"]) => {
            let Some(saved) = world.connectors.get(at) else { return gone() };
            pages::edit(base, &Fields::of(saved), Some(saved), None)
        }
        (&Method::POST, [] | ["edit"]) => {
            let fields = Fields::from_form(&request.form());
            let problem = save(world, owner, &fields, Some(at)).err();
            let Some(saved) = world.connectors.get(at) else { return gone() };
            pages::edit(base, &fields, Some(saved), problem.as_deref())
        }
        (&Method::GET, ["test"]) => {
            world.connectors.get(at).map_or_else(gone, |saved| pages::test(base, saved, None))
        }
        (&Method::POST, ["connections"]) => match begin(world, request, at, owner) {
            Ok(Begun { address: Ok(address), .. }) => {
                Reply::redirect(&address).with("cache-control", "no-store")
            }
            Ok(Begun { address: Err(shown), .. }) => message(400, "Sign in", &shown),
            Err(problem) => message(400, "New connection", &problem),
        },
        (&Method::POST, ["test"]) => {
            let form = request.form();
            let Some(place) = connect::find_place(world, at, &form) else {
                return message(400, "Test", "There is no connection yet. Press New connection first.");
            };
            let tested = test(world, place, &form);
            world.connectors.get(at).map_or_else(gone, |saved| pages::test(base, saved, Some(&tested)))
        }
        _ => Reply::unknown(),
    }
}

/// The consent host: redeems the code and sends the person on to the Test page.
fn came_back(world: &mut World, request: &Request, internal: &str) -> Reply {
    match finish(world, request, internal) {
        Ok(place) => {
            let name =
                world.connectors.get(place.connector).map(|saved| saved.name.clone()).unwrap_or_default();
            let base = if request.is_public() { "https://make.powerapps.com" } else { "/_make" };
            let asked = connect::return_address(world, place);
            Reply::redirect(&asked.unwrap_or_else(|| format!("{base}/connectors/{name}/test")))
        }
        Err(problem) => message(400, "Consent", &problem),
    }
}

#[cfg(test)]
mod tests;
