use proptest::prelude::*;

use super::*;

fn read(method: &str, target: &str) -> Result<RequestInfo, Unreadable> {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let target = Target::parse(path, query).expect(target);
    RequestInfo::read(&method.parse().unwrap(), &target)
}

/// `verb group/version namespace resource/subresource name`, with `-` for an empty field.
fn summary(info: &RequestInfo) -> String {
    let Some(of) = &info.resource else { return format!("{} {}", info.verb, info.path) };
    let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let resource = match of.subresource.as_str() {
        "" => of.resource.clone(),
        subresource => format!("{}/{subresource}", of.resource),
    };
    let (group, version) = (dash(&of.api_group), &of.api_version);
    let (namespace, name) = (dash(&of.namespace), dash(&of.name));
    format!("{} {group}/{version} {namespace} {resource} {name}", info.verb)
}

/// The rows of upstream's own `TestGetAPIRequestInfo` that have a route, and those of our own.
#[test]
fn requests_are_read_as_the_api_server_reads_them() {
    for (method, target, expected) in [
        ("GET", "/api/v1/namespaces", "list -/v1 - namespaces -"),
        ("GET", "/api/v1/namespaces/other", "get -/v1 other namespaces other"),
        ("DELETE", "/api/v1/namespaces/other", "delete -/v1 other namespaces other"),
        ("PUT", "/api/v1/namespaces/n/finalize", "update -/v1 n namespaces/finalize n"),
        ("PUT", "/api/v1/namespaces/n/status", "update -/v1 n namespaces/status n"),
        ("GET", "/api/v1/namespaces/other/pods", "list -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods/foo", "get -/v1 other pods foo"),
        ("GET", "/api/v1/pods", "list -/v1 - pods -"),
        ("GET", "/api/v1/pods/", "list -/v1 - pods -"),
        ("POST", "/api/v1/namespaces/other/pods", "create -/v1 other pods -"),
        ("PUT", "/api/v1/namespaces/other/pods/foo", "update -/v1 other pods foo"),
        ("PATCH", "/api/v1/namespaces/other/pods/foo", "patch -/v1 other pods foo"),
        ("DELETE", "/api/v1/namespaces/other/pods", "deletecollection -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch=true", "watch -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch", "watch -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch=", "watch -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch=0", "list -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch=FALSE", "list -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods?watch=no", "watch -/v1 other pods -"),
        ("GET", "/api/v1/namespaces/other/pods/foo?watch=1", "get -/v1 other pods foo"),
        ("GET", "/api/v1/watch/namespaces/other/pods", "watch -/v1 other pods -"),
        ("GET", "/api/v1/watch/namespaces/t/secrets/db", "watch -/v1 t secrets db"),
        ("GET", "/apis/apps/v1/watch/deployments", "watch apps/v1 - deployments -"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name=x", "list -/v1 - pods x"),
        ("GET", "/api/v1/pods?watch=1&fieldSelector=metadata.name%3Dx", "watch -/v1 - pods x"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name!=x", "list -/v1 - pods -"),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name=a%2Fb", "list -/v1 - pods -"),
        ("DELETE", "/api/v1/pods?fieldSelector=metadata.name=x", "deletecollection -/v1 - pods -"),
        (
            "GET",
            "/apis/apps/v1/namespaces/n/deployments/d/scale",
            "get apps/v1 n deployments/scale d",
        ),
        (
            "POST",
            "/api/v1/namespaces/n/pods/p/exec?command=a&command=b",
            "create -/v1 n pods/exec p",
        ),
        ("GET", "/api/v1/namespaces/n/pods/p/log", "get -/v1 n pods/log p"),
        (
            "POST",
            "/api/v1/namespaces/n/serviceaccounts/s/token",
            "create -/v1 n serviceaccounts/token s",
        ),
        ("GET", "/api/v1/nodes/n1/proxy/metrics", "get -/v1 - nodes/proxy n1"),
        ("HEAD", "/api/v1/nodes/n1/proxy/metrics", "head -/v1 - nodes/proxy n1"),
        ("OPTIONS", "/api/v1/namespaces/n/pods/https:p:80/proxy/", "options -/v1 n pods/proxy p"),
        ("GET", "/api/v1/namespaces/n/services/s:http/proxy/a/b", "get -/v1 n services/proxy s"),
        ("GET", "/apis/g/v/x/y/status", "get g/v - x/status y"),
        ("GET", "/version", "get /version"),
        ("GET", "/apis/apps/v1", "get /apis/apps/v1"),
        ("GET", "/api/v1", "get /api/v1"),
        ("GET", "/", "get /"),
    ] {
        match read(method, target) {
            Ok(info) => assert_eq!(summary(&info), expected, "{method} {target}"),
            Err(error) => panic!("{method} {target}: {error}"),
        }
    }
}

#[test]
fn what_has_no_route_or_no_known_effect_is_refused() {
    use Unreadable as U;
    for (method, target, why) in [
        ("TRACE", "/api/v1/pods", U::Method),
        ("HEAD", "/api/v1/pods", U::Method),
        ("OPTIONS", "/api/v1/pods", U::Method),
        ("CONNECT", "/api/v1/pods", U::Method),
        ("get", "/api/v1/pods", U::Method),
        ("POST", "/version", U::Method),
        ("HEAD", "/version", U::Method),
        ("GET", "/api/v1/proxy/namespaces/n/pods/p", U::NoRoute),
        ("POST", "/api/v1/watch/pods", U::NoRoute),
        ("DELETE", "/api/v1/watch/namespaces/n/pods/p", U::NoRoute),
        ("GET", "/api/v1/watch", U::NoRoute),
        ("GET", "/api/v1/namespaces/n/pods/p/log/x", U::NoRoute),
        ("GET", "/api/v1/namespaces/n/pods/p/nope", U::Subresource("nope".into())),
        (
            "GET",
            "/apis/kubevirt.io/v1/namespaces/n/vms/v/console",
            U::Subresource("console".into()),
        ),
        ("GET", "/apis/cluster.karmada.io/v1/clusters/c/proxy/api", U::Subresource("proxy".into())),
        ("GET", "/apis/x.io/v1/things/t/exec", U::Subresource("exec".into())),
        ("GET", "/api/v1/pods?watch=false&watch=true", U::Repeated("watch".into())),
        (
            "DELETE",
            "/api/v1/namespaces/n/pods/p?dryRun=All&dryRun=All",
            U::Repeated("dryRun".into()),
        ),
        ("GET", "/api/v1/pods?fieldSelector=metadata.name", U::FieldSelector),
        ("GET", "/api/v1/namespaces/default/services/kubernetes/proxy/api", U::NestedApiServer),
        (
            "GET",
            "/api/v1/namespaces/default/services/https:kubernetes:443/proxy/",
            U::NestedApiServer,
        ),
    ] {
        assert_eq!(read(method, target).err(), Some(why), "{method} {target}");
    }
}

#[test]
fn a_request_that_can_change_something_is_known_as_one() {
    for (method, target, change, long) in [
        ("GET", "/api/v1/pods", false, false),
        ("GET", "/api/v1/pods?watch=1", false, true),
        ("GET", "/version", false, false),
        ("GET", "/api/v1/namespaces/n/pods/p/log", false, true),
        ("GET", "/api/v1/namespaces/n/pods/p/exec", true, true),
        ("POST", "/api/v1/namespaces/n/pods/p/attach", true, true),
        ("GET", "/api/v1/nodes/n/proxy/metrics", true, true),
        ("POST", "/api/v1/namespaces/n/pods", true, false),
        ("DELETE", "/api/v1/namespaces/n", true, false),
        ("PATCH", "/apis/apps/v1/namespaces/n/deployments/d/scale", true, false),
    ] {
        let info = read(method, target).expect(target);
        assert_eq!((info.is_change(), info.is_long_running()), (change, long), "{target}");
    }
}

#[test]
fn resources_are_shown_as_people_write_them() {
    for (target, name) in [
        ("/api/v1/pods", "pods"),
        ("/api/v1/namespaces/n/pods/p/exec", "pods/exec"),
        ("/apis/apps/v1/namespaces/n/statefulsets/s/scale", "statefulsets.apps/scale"),
    ] {
        assert_eq!(read("GET", target).unwrap().resource.unwrap().display_name(), name);
    }
}

proptest! {
    /// The path that is forwarded reads back as the very request that was decided.
    #[test]
    fn the_forwarded_path_is_the_decided_one(
        method in "GET|POST|PUT|PATCH|DELETE|HEAD",
        path in "/(api|apis)(/(v1|apps|watch|proxy|namespaces|pods|secrets|status|exec|a:b|x%20y)){0,7}/?",
        query in "(watch|watch=0|fieldSelector=metadata\\.name=q|command=a|&){0,4}",
    ) {
        let target = Target::parse(&path, Some(&query)).unwrap();
        let method: Method = method.parse().unwrap();
        if let Ok(info) = RequestInfo::read(&method, &target) {
            let again = Target::parse(&info.path, Some(&target.query().encode())).unwrap();
            prop_assert_eq!(RequestInfo::read(&method, &again), Ok(info));
        }
    }
}
