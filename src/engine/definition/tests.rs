//! The files by table, and properties that hold for any functions.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::engine::facts::AuthLevel;

const HOST: &str = "contoso-hello.azurewebsites.net";

fn function(name: &str, route: &str, methods: &[&str]) -> Function {
    Function {
        name: name.to_owned(),
        invoke_url: Some(format!("https://{HOST}/{route}")),
        methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        auth_level: AuthLevel::Anonymous,
        disabled: false,
    }
}

fn source(functions: &[Function]) -> Source<'_> {
    Source {
        name: "contoso-hello",
        host: HOST,
        functions,
        login: "https://login.microsoftonline.com",
        tenant: Some("0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f"),
    }
}

fn parsed(file: &File) -> Value {
    serde_json::from_str(&file.contents).unwrap()
}

/// Method, path, operation id and summary of every action, from the Swagger file.
fn operations(functions: &[Function]) -> Vec<(String, String, String)> {
    let document = parsed(&swagger(&source(functions)).unwrap());
    let base = document["basePath"].as_str().unwrap().trim_end_matches('/').to_owned();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((
                format!("{method} {base}{path}"),
                operation["operationId"].as_str().unwrap().to_owned(),
                operation["summary"].as_str().unwrap().to_owned(),
            ));
        }
    }
    all
}

fn one(call: &str, id: &str, summary: &str) -> (String, String, String) {
    (call.to_owned(), id.to_owned(), summary.to_owned())
}

#[test]
fn the_tutorials_function_gives_the_tutorials_collection() {
    let functions = [function("Hello", "api/Hello", &["GET", "POST"])];
    let file = postman_v1(&source(&functions)).unwrap();
    assert_eq!(file.name, "contoso-hello.postman-v1.json");
    let v1 = parsed(&file);
    assert_eq!(v1["requests"].as_array().unwrap().len(), 2);
    let request = &v1["requests"][0];
    assert_eq!(request["url"], "https://contoso-hello.azurewebsites.net/api/Hello");
    assert_eq!((&request["name"], &request["method"]), (&Value::from("Hello"), &Value::from("POST")));
    assert_eq!(request["rawModeData"], "{\n\t\"name\": \"Ada\"\n}");
    assert_eq!(v1["order"][0], request["id"]);
    assert_eq!(request["responses"][0]["collection"], v1["id"]);
    assert_eq!(request["responses"][0]["requestObject"]["rawModeData"], request["rawModeData"]);

    let v2 = parsed(&postman_v2(&source(&functions)).unwrap());
    assert_eq!(
        v2["item"][0]["request"]["url"]["host"],
        serde_json::json!(["contoso-hello", "azurewebsites", "net"])
    );
    assert_eq!(v2["item"][0]["request"]["url"]["path"], serde_json::json!(["api", "Hello"]));

    let swagger = parsed(&swagger(&source(&functions)).unwrap());
    assert_eq!(swagger["basePath"], "/api");
    let post = &swagger["paths"]["/Hello"]["post"];
    assert_eq!(post["operationId"], "Hello");
    assert_eq!(post["parameters"][0]["schema"]["properties"]["name"]["type"], "string");
    assert_eq!(post["responses"]["200"]["schema"]["type"], "string");
    assert_eq!(
        swagger["securityDefinitions"]["oauth2_auth"]["tokenUrl"],
        "https://login.microsoftonline.com/0f1e2d3c-4b5a-4697-8879-6a5b4c3d2e1f/oauth2/token"
    );
}

#[test]
fn the_greeting_can_also_be_got_with_the_name_in_the_query() {
    let functions =
        [function("Hello", "api/Hello", &["GET", "POST"]), function("GetHello", "api/x", &["GET"])];
    let swagger = parsed(&swagger(&source(&functions)).unwrap());
    let get = &swagger["paths"]["/Hello"]["get"];
    assert_eq!(get["operationId"], "GetHello");
    assert_eq!(
        (&get["parameters"][0]["in"], &get["parameters"][0]["name"]),
        (&"query".into(), &"name".into())
    );
    assert_eq!(swagger["paths"]["/x"]["get"]["operationId"], "GetHello2");
    let all = files(&source(&functions)).unwrap();
    let address = "https://contoso-hello.azurewebsites.net/api/Hello?name=Ada";
    let request = &parsed(&all[0])["requests"][1];
    assert_eq!((&request["url"], &request["rawModeData"]), (&Value::from(address), &Value::Null));
    assert_eq!(request["queryParams"][0]["value"], "Ada");
    let request = &parsed(&all[1])["item"][1]["request"];
    assert_eq!((&request["url"]["raw"], request.get("body")), (&Value::from(address), None));
    assert_eq!(request["url"]["query"][0]["key"], "name");
    for file in &all {
        assert!(
            !file.contents.contains("executed successfully"),
            "what it answers is not known: {}",
            file.name
        );
    }
}

#[test]
fn routes_and_methods_become_actions() {
    for (functions, expected) in [
        (
            vec![function("GetOrders", "api/orders/{id:int?}", &["GET"])],
            vec![
                one("get /api/orders", "GetOrders", "Get orders"),
                one("get /api/orders/{id}", "GetOrdersById", "Get orders by id"),
            ],
        ),
        (
            vec![function("order_items", "api/orders/{orderId}/items", &["POST", "DELETE", "OPTIONS"])],
            vec![
                one("post /api/orders/{orderId}/items", "PostOrderItems", "Post order items"),
                one("delete /api/orders/{orderId}/items", "DeleteOrderItems", "Delete order items"),
            ],
        ),
        (
            vec![function("files", "{*path}", &["get"])],
            vec![one("get /", "Files", "Files"), one("get /{path}", "FilesByPath", "Files by path")],
        ),
        (
            vec![function("Any", "api/any", &[])],
            vec![one("get /api/any", "GetAny", "Get any"), one("post /api/any", "PostAny", "Post any")],
        ),
        (
            vec![
                function("a", "x/{one}", &["GET"]),
                function("b", "x/{two}", &["GET"]),
                function("A", "y", &["GET"]),
            ],
            vec![one("get /x/{one}", "A", "A"), one("get /y", "A2", "A")],
        ),
        (
            vec![function("7days", "api/week?code=x", &["PATCH"])],
            vec![one("patch /api/week", "Call7days", "7days")],
        ),
        (
            vec![function("t", "api/{connectionId}/{id}/{ID}", &["GET"])],
            vec![one("get /api/{connectionIdValue}/{id}/{ID2}", "T", "T")],
        ),
        (
            vec![function("Hello", "api/Hello/{name}", &["GET", "POST"])],
            vec![
                one("get /api/Hello/{name}", "GetHello", "Get hello"),
                one("post /api/Hello/{name}", "PostHello", "Post hello"),
            ],
        ),
        (vec![function("Hello", "api/Hello", &["GET"])], vec![one("get /api/Hello", "Hello", "Hello")]),
        (
            vec![function("hello", "api/hello", &[])],
            vec![
                one("post /api/hello", "Hello", "Say hello"),
                one("get /api/hello", "GetHello", "Say hello with GET"),
            ],
        ),
        (vec![function("Hello", "api/Hello", &["post"])], vec![one("post /api/Hello", "Hello", "Say hello")]),
    ] {
        assert_eq!(operations(&functions), expected);
    }
}

#[test]
fn a_whole_number_in_the_route_stays_one() {
    let functions = [function("Order", "api/orders/{id:int}", &["GET"])];
    let document = parsed(&swagger(&source(&functions)).unwrap());
    let parameter = &document["paths"]["/orders/{id}"]["get"]["parameters"][0];
    assert_eq!((&parameter["type"], &parameter["required"]), (&Value::from("integer"), &Value::from(true)));
    assert_eq!(parameter["x-ms-summary"], "Id");
    let v1 = parsed(&postman_v1(&source(&functions)).unwrap());
    assert_eq!(v1["requests"][0]["url"], "https://contoso-hello.azurewebsites.net/api/orders/:id");
    assert_eq!(v1["requests"][0]["rawModeData"], Value::Null);
}

#[test]
fn what_cannot_be_called_is_left_out() {
    let timer = Function { invoke_url: None, ..function("Timer", "", &[]) };
    let off = Function { disabled: true, ..function("Off", "api/off", &[]) };
    let odd = function("Odd", "api/odd", &["OPTIONS"]);
    let functions = [timer, off, odd];
    assert_eq!(files(&source(&functions)), Err(DefinitionError::NoActions));
    let hello = [function("Hello", "api/Hello", &[])];
    for host in ["", "a b", "a/b", "evil{}", "ho\u{1b}st"] {
        assert_eq!(files(&Source { host, ..source(&hello) }), Err(DefinitionError::BadHost), "{host:?}");
    }
}

#[test]
fn the_title_fits_every_import() {
    for (name, expected) in [
        ("contoso-hello", "contoso-hello"),
        ("Contoso Hello (prod)", "Contoso-Hello-prod"),
        ("__x", "x"),
        ("日本", "functions"),
        ("../../etc/passwd", "etcpasswd"),
        ("a-very-long-name-for-a-function-app", "a-very-long-name-for-a-functio"),
    ] {
        assert_eq!(title(name), expected);
    }
}

#[test]
fn the_same_app_gives_the_same_files() {
    let functions = [function("Hello", "api/Hello", &["POST"]), function("b", "api/b", &[])];
    assert_eq!(files(&source(&functions)), files(&source(&functions)));
    let names: Vec<String> = files(&source(&functions)).unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(
        names,
        ["contoso-hello.postman-v1.json", "contoso-hello.postman-v2.1.json", "contoso-hello.swagger.json"]
    );
}

proptest! {
    #[test]
    fn any_functions_give_an_importable_definition(
        app in ".{0,50}",
        list in proptest::collection::vec(
            (".{0,20}|[a-zA-Z_-]{0,40}", "[a-z{}*:?=/# .%]{0,30}|(api/|\\{[a-z:?*]{0,6}\\}/?){0,4}",
             proptest::collection::vec("GET|POST|PUT|get|TRACE", 0..3)),
            1..6,
        ),
    ) {
        let functions: Vec<Function> = list
            .iter()
            .map(|(name, route, methods)| {
                function(name, route, &methods.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .collect();
        let source = Source { name: &app, ..source(&functions) };
        let Ok(all) = files(&source) else { return Ok(()) };
        let document = parsed(&all[2]);
        let title = document["info"]["title"].as_str().unwrap();
        prop_assert!(title.len() <= 30 && title.starts_with(|c: char| c.is_ascii_alphanumeric()));
        prop_assert!(title.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        let mut ids = HashSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            prop_assert!(path.starts_with('/'));
            let in_path: Vec<&str> = path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
            for operation in methods.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap();
                prop_assert!(ids.insert(id.to_owned()), "{} twice", id);
                prop_assert!(id.starts_with(|c: char| c.is_ascii_uppercase()), "{}", id);
                let summary = operation["summary"].as_str().unwrap();
                prop_assert!(!summary.is_empty() && summary.len() <= 80);
                prop_assert!(operation.get("tags").is_none());
                let named: Vec<&str> = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                prop_assert_eq!(&named, &in_path);
            }
        }
        prop_assert_eq!(parsed(&all[0])["requests"].as_array().unwrap().len(), ids.len());
        prop_assert_eq!(parsed(&all[1])["item"].as_array().unwrap().len(), ids.len());
    }
}
