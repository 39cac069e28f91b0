//! The addresses of the environments and of the dashboard: names, certificates, and who answers.

use super::finding::Finding;
use super::setup::Setup;
use crate::app::App;
use crate::coolify::{BadCertificate, Silence, Visit, Visitor};
use std::net::IpAddr;
use url::Url;
use uuid::Uuid;

pub const DOMAIN: &str = "AGENTS_DOMAIN";
pub const PUBLIC: &str = "PUBLIC_URL";
/// What every answer of a dashboard has.
const OURS: &str = "vps-claude-build";

/// Whether any name below `AGENTS_DOMAIN` leads to a server with a certificate: a random one, which no environment has.
pub async fn of_environments(app: &App, setup: &Setup, visitor: &Visitor) -> Vec<Finding> {
    let name = Uuid::new_v4().simple().to_string();
    let address = app.domain.address(&format!("check-{}", &name[..12]));
    let Ok(url) = Url::parse(&address) else {
        return vec![];
    };
    let mut findings = vec![of_name(&app.domain.common(), &visitor.visit(&url).await)];
    let host = setup.public_url.as_ref().and_then(Url::host_str);
    findings.extend(host.and_then(|host| neighbours(host, &app.domain.common())));
    findings
}

fn of_name(domain: &str, visit: &Visit) -> Finding {
    let host = domain.split(':').next().unwrap_or_default();
    if visit.leads_to.is_empty() {
        let text = format!(
            "Names below {host} cannot be resolved. Make a wildcard record *.{host} in the DNS that leads to the server."
        );
        return Finding::wrong(DOMAIN, text);
    }
    let leads = format!("A name below {host} leads to {}", listed(&visit.leads_to));
    match &visit.answer {
        Ok(reply) if reply.headers.contains_key(OURS) => Finding::warning(
            DOMAIN,
            format!(
                "{leads}, where the dashboard itself answers. Point the names to Coolify's proxy."
            ),
        ),
        Ok(_) => Finding::fine(DOMAIN, format!("{leads}, where a server answers.")),
        Err(Silence::Certificate(BadCertificate::OfTraefik)) => Finding::warning(
            DOMAIN,
            format!(
                "{leads}, where Traefik has no certificate for it yet and shows its own. Each environment gets one when it is deployed, if Traefik can fetch them: that needs the ports 80 and 443 to be reachable from the internet."
            ),
        ),
        Err(Silence::Certificate(why)) => Finding::warning(
            DOMAIN,
            format!("{leads}, whose certificate {}. {}", against(*why), REPLACE),
        ),
        Err(Silence::Other(why)) => Finding::warning(
            DOMAIN,
            format!(
                "{leads}, and does not answer: {why}. Start the proxy of the server in Coolify, and open its ports."
            ),
        ),
    }
}

const REPLACE: &str = "Give the proxy a certificate that browsers accept.";

/// What is wrong with a certificate, as the end of a sentence.
fn against(certificate: BadCertificate) -> &'static str {
    match certificate {
        BadCertificate::OfTraefik => "is the one that Traefik made for itself",
        BadCertificate::ForAnotherName => "is for another name",
        BadCertificate::Expired => "has expired",
        BadCertificate::SignedByNobody => "is self-signed, or signed by nobody whom browsers know",
        BadCertificate::Other => "is not accepted",
    }
}

fn listed(addresses: &[IpAddr]) -> String {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    addresses.join(" and ")
}

/// Whether people reach this dashboard at `PUBLIC_URL`. All of it may be otherwise seen from elsewhere, so nothing is wrong.
pub async fn of_people(setup: &Setup, visitor: &Visitor) -> Vec<Finding> {
    let Some(url) = &setup.public_url else {
        let text = "It is not set, so cookies are not Secure and a proxy's word decides what links begin with. Set it to the https address that people use.";
        return vec![Finding::warning(PUBLIC, text)];
    };
    let mut findings = vec![];
    if url.scheme() != "https" && url.host_str() != Some("localhost") {
        let text = "It is not https, so passwords and cookies can be read on their way. Put a proxy with TLS before the dashboard.";
        findings.push(Finding::warning(PUBLIC, text));
    }
    match url.join("/healthz") {
        Ok(page) => findings.push(of_dashboard(&visitor.visit(&page).await)),
        Err(_) => return findings,
    }
    findings
}

fn of_dashboard(visit: &Visit) -> Finding {
    let from_here = "Seen from this machine";
    match &visit.answer {
        _ if visit.leads_to.is_empty() => {
            let text = format!(
                "{from_here}, its name cannot be resolved. Make a record in the DNS that leads to the proxy."
            );
            Finding::warning(PUBLIC, text)
        }
        Ok(reply) if reply.headers.contains_key(OURS) => {
            Finding::fine(PUBLIC, "A dashboard answers at this address.")
        }
        Ok(reply) if matches!(reply.status, 502..=504) => {
            let text = "The proxy at this address does not reach the dashboard. Start it, and let the proxy pass requests on to LISTEN.";
            Finding::warning(PUBLIC, text)
        }
        Ok(_) => {
            let text = "Something else than this dashboard answers at this address. Let the proxy pass requests on to LISTEN.";
            Finding::warning(PUBLIC, text)
        }
        Err(Silence::Certificate(why)) => {
            let text = format!(
                "The certificate at this address {}. {REPLACE}",
                against(*why)
            );
            Finding::warning(PUBLIC, text)
        }
        Err(Silence::Other(why)) => {
            let text = format!(
                "{from_here}, nobody answers at this address: {why}. Start the dashboard and its proxy."
            );
            Finding::warning(PUBLIC, text)
        }
    }
}

/// Warns when the dashboard and the environments are below one domain. Which part of a name people can register is not
/// known here: two labels in common are enough.
fn neighbours(host: &str, agents_domain: &str) -> Option<Finding> {
    let agents_host = agents_domain.split(':').next().unwrap_or_default();
    let labels = |host: &str| host.rsplit('.').map(str::to_owned).collect::<Vec<_>>();
    let (ours, theirs) = (labels(host), labels(agents_host));
    let common = ours
        .iter()
        .zip(&theirs)
        .take_while(|(our, their)| our == their);
    let text = format!(
        "Environments run other people's programs, and {agents_host} is beside the dashboard's own {host}: their pages can set cookies for both. Use another domain for the environments."
    );
    (common.count() >= 2).then_some(Finding::warning(DOMAIN, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::checks::finding::Level;

    #[test]
    fn environments_beside_the_dashboard_are_named() {
        for (host, agents, are_near) in [
            ("vps.example.com", "agents.example.com", true),
            ("example.com", "example.com:8443", true),
            ("vps.example.com", "example.dev", false),
            ("vps.example.com", "example.org", false),
            ("localhost", "localhost:3080", false),
        ] {
            let found = neighbours(host, agents);
            assert_eq!(found.is_some(), are_near, "{host} {agents}");
        }
    }

    #[test]
    fn a_certificate_that_is_not_accepted_is_a_warning_that_names_the_cause() {
        for (why, words) in [
            (
                BadCertificate::OfTraefik,
                "Traefik has no certificate for it yet",
            ),
            (BadCertificate::ForAnotherName, "is for another name"),
            (BadCertificate::Expired, "has expired"),
            (BadCertificate::SignedByNobody, "is self-signed"),
            (BadCertificate::Other, "is not accepted"),
        ] {
            let visit = Visit {
                leads_to: vec![[203, 0, 113, 7].into()],
                answer: Err(Silence::Certificate(why)),
            };
            let found = of_name("agents.example.com", &visit);
            assert_eq!(found.level, Level::Warning);
            assert!(found.sentence.contains("leads to 203.0.113.7"), "{found:?}");
            assert!(found.sentence.contains(words), "{found:?}");
            assert!(found.remedy.is_some());
            assert_eq!(of_dashboard(&visit).level, Level::Warning);
        }
    }
}
