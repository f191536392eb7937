//! A person's licences, out of Graph's JSON: the service plans in them.

use serde_json::Value;

use crate::cloud::json::{at, list, name};
use crate::engine::facts::ServicePlan;

/// Most plans that are kept of one licence; the largest bundles have fewer than a hundred.
const MOST_PLANS: usize = 400;

/// The plans of one licence. `None` where it has no list of them: then it says nothing.
pub fn plans(v: &Value) -> Option<Vec<ServicePlan>> {
    at(v, &["servicePlans"]).as_array()?;
    let plans = list(v, &["servicePlans"]).iter().take(MOST_PLANS);
    let plan = |v: &Value| ServicePlan {
        name: name(v, &["servicePlanName"]),
        status: name(v, &["provisioningStatus"]),
    };
    Some(plans.map(plan).filter(|plan| !plan.name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn plans_are_read_and_what_is_none_is_left_out() {
        let licence = json!({"skuPartNumber": "POWERAPPS_DEV", "servicePlans": [
            {"servicePlanName": "POWERAPPS_DEV_VIRAL", "provisioningStatus": "Success", "appliesTo": "User"},
            {"servicePlanName": "FLOW\u{1b}[2J\n_X", "provisioningStatus": 7},
            {"servicePlanName": ["x"]}, {}, 7, null,
        ]});
        let read = plans(&licence).unwrap();
        assert_eq!(read.len(), 2, "{read:?}");
        assert!(read[0].is_ready() && read[0].name == "POWERAPPS_DEV_VIRAL");
        assert!(!read[1].is_ready() && !read[1].name.contains(['\u{1b}', '\n']), "{read:?}");
        for odd in [json!(null), json!([]), json!("x"), json!({}), json!({"servicePlans": {"0": {}}})] {
            assert_eq!(plans(&odd), None, "{odd}");
        }
        let many = json!({"servicePlans": vec![json!({"servicePlanName": "X"}); 1000]});
        assert_eq!(plans(&many).unwrap().len(), MOST_PLANS);
    }
}
