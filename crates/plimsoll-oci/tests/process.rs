//! What is started of an image, as Docker would start it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use plimsoll_oci::Error;
use plimsoll_oci::process::{Asked, Process};
use serde_json::{Value, json};

fn read(path: &str) -> Result<Option<String>, Error> {
    Ok(match path {
        "/etc/passwd" => Some(
            "root:x:0:0:root:/root:/bin/sh\nbad line\napp:x:1000:1001::/srv/app:/bin/sh\n77:x:5:5::/n:\n"
                .to_owned(),
        ),
        "/etc/group" => Some(
            "root:x:0:\nbin:x:1:root, daemon\napp:x:1001:app\nvideo:x:44:x,app\naudio:x:45:app\n"
                .to_owned(),
        ),
        _ => None,
    })
}

fn of(config: Value, asked: &Asked<'_>) -> Result<Process, Error> {
    Process::of(&json!({ "config": config }), &read, asked)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[test]
fn what_is_asked_for_replaces_what_the_image_says() {
    let config = json!({"Entrypoint": ["run", "-x"], "Cmd": ["a", "b"]});
    for (entrypoint, command, wanted) in [
        (None, None, "run -x a b"),
        (None, Some(texts(&["c"])), "run -x c"),
        (None, Some(Vec::new()), "run -x a b"),
        (Some(texts(&["go"])), None, "go"),
        (Some(texts(&["go"])), Some(texts(&["c"])), "go c"),
        (Some(texts(&[""])), Some(texts(&["sh", "-c"])), "sh -c"),
        (Some(Vec::new()), Some(texts(&["sh"])), "sh"),
    ] {
        let (entrypoint, command) = (entrypoint.as_deref(), command.as_deref());
        let asked = Asked { entrypoint, command, user: None };
        assert_eq!(of(config.clone(), &asked).unwrap().args.join(" "), wanted);
    }
    let none = "the image names no program: give one";
    let empty = texts(&[""]);
    let taken = Asked { entrypoint: Some(&empty), ..Asked::default() };
    for said in
        [of(json!({}), &Asked::default()), of(config, &taken), of(json!({"Cmd": [""]}), &taken)]
    {
        assert_eq!(said.unwrap_err().to_string(), none);
    }
}

#[test]
fn users_are_those_of_the_image() {
    for (said, wanted) in [
        ("", (0, vec![0, 1], "/root")),
        ("root", (0, vec![0, 1], "/root")),
        ("app", (1000, vec![1001, 44, 45], "/srv/app")),
        ("1000", (1000, vec![1001, 44, 45], "/srv/app")),
        ("app:video", (1000, vec![44], "/srv/app")),
        ("1000:7", (1000, vec![7], "/srv/app")),
        ("4242", (4242, vec![0], "/")),
        ("4242:audio", (4242, vec![45], "/")),
        ("77", (5, vec![5], "/n")),
        (":44", (0, vec![44], "/root")),
    ] {
        let config = json!({"Cmd": ["x"], "User": said});
        let process = of(config, &Asked::default()).unwrap();
        assert_eq!((process.user, process.groups, &*process.home), wanted, "{said}");
        let asked = Asked { user: Some(said), ..Asked::default() };
        let process = of(json!({"Cmd": ["x"], "User": "nobody"}), &asked).unwrap();
        assert_eq!((process.user, process.group), (wanted.0, wanted.1[0]), "{said}");
    }
    for (said, wanted) in [
        ("who", "the user `who` is not in the image's /etc/passwd"),
        ("app:what", "the group `what` is not in the image's /etc/group"),
        ("4294967295", "the user `4294967295` is not in the image's /etc/passwd"),
    ] {
        let said = of(json!({"Cmd": ["x"], "User": said}), &Asked::default());
        assert_eq!(said.unwrap_err().to_string(), wanted);
    }
}

#[test]
fn the_environment_and_the_rest_have_dockers_defaults() {
    let process = of(json!({"Cmd": ["x"], "User": "app"}), &Asked::default()).unwrap();
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(process.env, [pair("PATH", path), pair("HOME", "/srv/app")]);
    assert_eq!((process.cwd.as_str(), process.stop_signal, process.exposed), ("/", 15, vec![]));
    let said = json!({
        "Cmd": ["x"], "Env": ["A=1", "PATH=/bin", "HOME=", "B", "=C", "A=2=3"], "WorkingDir": "srv",
        "StopSignal": "SIGQUIT",
        "ExposedPorts": {"8080/tcp": {}, "53/udp": {}, "80": {}, "9000-9002/tcp": {}, "x/tcp": {}},
    });
    let process = of(said, &Asked::default()).unwrap();
    assert_eq!(process.env, [pair("A", "2=3"), pair("PATH", "/bin"), pair("HOME", "")]);
    assert_eq!((process.cwd.as_str(), process.stop_signal), ("/srv", 3));
    assert_eq!(process.exposed, [80, 8080, 9000, 9001, 9002]);
    for bad in [json!({"Cmd": ["a\0b"]}), json!({"Cmd": ["x"], "StopSignal": "NO"})] {
        assert!(of(bad, &Asked::default()).is_err());
    }
}
