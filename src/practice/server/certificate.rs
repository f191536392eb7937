//! The certificate of a practice cloud that speaks HTTPS, from an authority that is made for this run and signs nothing else.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::dispatch;
use crate::engine::clouds::Cloud;
use crate::practice::world::{Clock, World};

/// Days that the certificates hold after today. Nobody trains on one server for longer.
const DAYS: i64 = 30;

/// What a server needs to speak HTTPS, and what a client needs to trust it.
pub struct Papers {
    /// The authority's certificate. Its key is gone when this value exists.
    pub ca_pem: String,
    /// The server's certificate, DER.
    pub certificate: Vec<u8>,
    /// The server's key, PKCS #8 DER. It is kept in memory only.
    pub key: Vec<u8>,
}

/// Makes an authority and the certificate of one server that may bear every name by which this world is asked for.
///
/// # Errors
/// What the maker of certificates says.
pub fn papers(world: &World) -> Result<Papers, String> {
    make(&names(world)).map_err(|error| error.to_string())
}

fn make(names: &BTreeSet<String>) -> Result<Papers, rcgen::Error> {
    // The certificate is for real clients, whatever time it is in the practice world.
    let now = Clock::real().now();

    let mut authority = dated(CertificateParams::default(), now);
    authority.distinguished_name = named("Handclasp practice authority of this run");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

    let mut server = dated(CertificateParams::new(names.iter().cloned().collect::<Vec<_>>())?, now);
    server.distinguished_name = named("Handclasp practice cloud");
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    server.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = server.signed_by(&key, &authority)?;
    Ok(Papers { ca_pem: authority.pem(), certificate: certificate.der().to_vec(), key: key.serialize_der() })
}

fn named(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

/// From yesterday, since clocks differ, until after the practice.
fn dated(mut params: CertificateParams, now: Timestamp) -> CertificateParams {
    let day = |days: i64| {
        let date = now.to_zoned(TimeZone::UTC).date().saturating_add(days.days());
        let small = |part: i8| u8::try_from(part).unwrap_or(1);
        date_time_ymd(i32::from(date.year()), small(date.month()), small(date.day()))
    };
    params.not_before = day(-1);
    params.not_after = day(DAYS);
    params
}

/// This machine's own names, the services of every built-in cloud, what the server answers to besides, and the sites: one
/// wildcard stands for all whose names differ in the first label only.
fn names(world: &World) -> BTreeSet<String> {
    let clouds: Vec<Cloud> =
        Cloud::names().unwrap_or_default().into_iter().filter_map(|name| Cloud::named(name).ok()).collect();
    let suffixes: Vec<String> = clouds.iter().map(|cloud| format!(".{}", cloud.site_suffix)).collect();
    let mut names: BTreeSet<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    names.extend(dispatch::public_names().map(str::to_owned));
    names.extend(suffixes.iter().map(|suffix| format!("*{suffix}")));
    for cloud in &clouds {
        let always = [&cloud.login, &cloud.graph, &cloud.arm, &cloud.portal];
        let some = [&cloud.power_apps, &cloud.bap, &cloud.flow, &cloud.consent, &cloud.maker];
        let services = always.into_iter().chain(some.into_iter().flatten());
        names.extend(services.filter_map(|url| url.host_str().map(str::to_owned)));
    }
    for host in world.sites.iter().flat_map(|site| &site.host_names) {
        let host = host.to_ascii_lowercase();
        let parent = host.split_once('.').map(|(_, parent)| format!(".{parent}"));
        let shared = parent.filter(|parent| suffixes.iter().any(|suffix| parent.ends_with(suffix.as_str())));
        names.insert(shared.map_or(host, |parent| format!("*{parent}")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::scenario::worlds;

    #[test]
    fn it_bears_every_name_by_which_the_world_is_asked_for() {
        let mut world = worlds::bare();
        let hosts = &mut world.sites[0].host_names;
        hosts.push("fn.contoso.example".to_owned());
        hosts.push("a-1f.westeurope-01.azurewebsites.net".to_owned());
        let names = names(&world);
        for name in [
            "localhost",
            "127.0.0.1",
            "::1",
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoftonline.us",
            "microsoftgraph.chinacloudapi.cn",
            "management.usgovcloudapi.net",
            "make.powerapps.com",
            "global.consent.azure-apim.net",
            "*.azurewebsites.net",
            "*.westeurope-01.azurewebsites.net",
            "*.azurewebsites.us",
            "*.chinacloudsites.cn",
            "fn.contoso.example",
        ] {
            assert!(names.contains(name), "{name} is not among {names:?}");
        }
        assert!(make(&names).is_ok());
    }

    #[test]
    fn two_thousand_sites_need_no_name_each() {
        let mut world = worlds::bare();
        world.sites[0].host_names = (0..2000).map(|n| format!("app-{n}.azurewebsites.net")).collect();
        assert!(names(&world).len() < 100);
    }
}
