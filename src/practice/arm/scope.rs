//! What an ARM path names. Resource ids ignore case (microsoft-cloud 5.1).

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// `/metadata/endpoints`
    Endpoints,
    /// `/tenants`
    Tenants,
    /// `/subscriptions`
    Subscriptions,
    /// `/providers/Microsoft.ResourceGraph/resources`
    ResourceGraph,
    /// `/providers`, or one of them.
    Providers {
        /// The namespace, in lower case, of the one that is asked for.
        namespace: Option<String>,
    },
    /// `/subscriptions/{id}` and what is listed there.
    Subscription {
        /// Subscription GUID.
        id: String,
        /// The rest of the path in lower case.
        rest: Vec<String>,
    },
    /// `/subscriptions/{id}/resourceGroups/{group}` and what is listed there.
    Group {
        /// Subscription GUID.
        id: String,
        /// Resource group name.
        group: String,
        /// The rest of the path in lower case.
        rest: Vec<String>,
    },
    /// A site and what is below it.
    Site {
        /// Subscription GUID.
        id: String,
        /// Resource group name.
        group: String,
        /// Site name.
        name: String,
        /// The rest of the path as it stands.
        rest: Vec<String>,
    },
    /// Anything else.
    Unknown,
}

impl Scope {
    /// Takes a decoded path apart.
    pub fn parse(path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let lower: Vec<String> = parts.iter().map(|part| part.to_ascii_lowercase()).collect();
        let low: Vec<&str> = lower.iter().map(String::as_str).collect();
        match low.as_slice() {
            ["metadata", "endpoints"] => Self::Endpoints,
            ["tenants"] => Self::Tenants,
            ["subscriptions"] => Self::Subscriptions,
            ["providers", "microsoft.resourcegraph", "resources"] => Self::ResourceGraph,
            ["providers"] => Self::Providers { namespace: None },
            ["providers", namespace] => Self::Providers { namespace: Some((*namespace).to_owned()) },
            ["subscriptions", _, "resourcegroups", _, "providers", "microsoft.web", "sites", _, ..] => {
                Self::Site {
                    id: parts[1].to_owned(),
                    group: parts[3].to_owned(),
                    name: parts[7].to_owned(),
                    rest: parts[8..].iter().map(|part| (*part).to_owned()).collect(),
                }
            }
            ["subscriptions", _, "resourcegroups", _, rest @ ..] => Self::Group {
                id: parts[1].to_owned(),
                group: parts[3].to_owned(),
                rest: rest.iter().map(|part| (*part).to_owned()).collect(),
            },
            ["subscriptions", _, rest @ ..] => Self::Subscription {
                id: parts[1].to_owned(),
                rest: rest.iter().map(|part| (*part).to_owned()).collect(),
            },
            _ => Self::Unknown,
        }
    }

    /// The subscription GUID in the path.
    pub fn subscription(&self) -> Option<&str> {
        match self {
            Self::Subscription { id, .. } | Self::Group { id, .. } | Self::Site { id, .. } => Some(id),
            Self::Endpoints
            | Self::Tenants
            | Self::Subscriptions
            | Self::ResourceGraph
            | Self::Providers { .. }
            | Self::Unknown => None,
        }
    }
}
