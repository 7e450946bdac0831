use super::*;
use crate::config::Storage;

fn login() -> Login {
    Login {
        client_id: "kguard".into(),
        token_endpoint: "https://idp.example/token".into(),
        issuer_ca: None,
        storage: Storage::Keyring,
    }
}

/// All sources at once, from the first to the last; each is found when those before it are gone.
#[test]
fn the_order_is_environment_file_ci_mount_login_pod() {
    let variables = [
        ("KGUARD_TOKEN", "token"),
        ("KGUARD_TOKEN_FILE", "/named"),
        ("KGUARD_ID_TOKEN", "gitlab"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request"),
    ];
    let find = |without: usize, login: Option<&Login>, files: &[&str]| {
        let environment = variables[without..].iter().copied().collect();
        Source::find(&environment, login, |path| files.iter().any(|file| path == Path::new(file)))
            .describe()
    };
    let login = login();
    let files = [MOUNTED_TOKEN, SERVICE_ACCOUNT_TOKEN];
    assert_eq!(find(0, Some(&login), &files), "the variable KGUARD_TOKEN");
    assert_eq!(find(1, Some(&login), &files), "the file /named");
    assert_eq!(find(2, Some(&login), &files), "the variable KGUARD_ID_TOKEN");
    assert_eq!(find(3, Some(&login), &files), "GitHub Actions");
    assert_eq!(find(5, Some(&login), &files), format!("the file {MOUNTED_TOKEN}"));
    assert_eq!(find(5, Some(&login), &files[1..]), "`kguard login`");
    assert_eq!(find(5, None, &files[1..]), format!("the file {SERVICE_ACCOUNT_TOKEN}"));
    assert_eq!(find(5, None, &[]), "nowhere");
}

#[test]
fn an_empty_variable_is_none_and_the_paths_can_be_moved() {
    let environment = [("KGUARD_TOKEN", ""), ("KGUARD_MOUNTED_TOKEN", "/test/token")];
    let source = Source::find(&environment.into_iter().collect(), None, |path| {
        path == Path::new("/test/token")
    });
    assert_eq!(source, Source::File("/test/token".into()));
}

#[tokio::test]
async fn a_token_file_is_read_anew_when_the_gateway_does_not_take_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "first\n").unwrap();
    let environment = [
        ("KGUARD_HOME", folder.path().to_str().unwrap()),
        ("KGUARD_TOKEN_FILE", path.to_str().unwrap()),
    ];
    let environment = environment.into_iter().collect();
    let folders = Folders::find(&environment).unwrap();
    let gateway = "gw.example".parse().unwrap();
    let tokens = Tokens::new(&environment, &Config::default(), &folders, &gateway);
    let first = tokens.get().await.unwrap();
    assert_eq!(first.expose(), "first");
    assert!(tokens.renew(&first).await.unwrap().is_none(), "there is no other yet");
    std::fs::write(&path, "second").unwrap();
    let second = tokens.renew(&first).await.unwrap().unwrap();
    assert_eq!(second.expose(), "second");
    assert_eq!(tokens.renew(&first).await.unwrap().unwrap().expose(), "second");
}
