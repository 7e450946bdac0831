//! Who manages a value, which shows in what server-side apply does: through kguard, it does not depend
//! on whether somebody guessed it.

use super::*;

const GUESSES: [(&str, &str); 2] = [("right", "hunter2"), ("wrong", "letmein")];

/// A manifest of a Secret with these values.
fn manifest(name: &str, values: &[(&str, &str)]) -> String {
    let values = values.iter().map(|(key, value)| format!("{key}: {}", encoded(value)));
    let values = values.collect::<Vec<_>>().join(", ");
    format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}}}\ndata: {{{values}}}\n")
}

impl Desk {
    /// Stores a Secret that nobody but `flux` manages, by server-side apply.
    fn flux(&self, name: &str) {
        let both = manifest(name, &[("password", "hunter2"), ("user", "swordfish")]);
        let file = self.file("flux.yaml", &both);
        let apply = ["apply", "--server-side", "--field-manager=flux", "-f", &file];
        self.namespace.admin(&apply).ok();
    }

    fn apply_as(&self, manager: &str, manifest: &str, flags: &[&str]) -> Output {
        let file = self.file("apply.yaml", manifest);
        let manager = format!("--field-manager={manager}");
        self.kubectl(&[&["apply", "--server-side", &manager, "-f", &file], flags].concat())
    }

    /// What comes of applies after a value was written, by name of the Secret.
    fn consequences(&self, name: &str) -> (Vec<(i32, String)>, Vec<String>) {
        let guess = manifest(name, &[("password", "other")]);
        let nothing = manifest(name, &[("user", "swordfish")]).replace("user: ", "third: ");
        let said = ["flux", "yy"].into_iter().flat_map(|manager| {
            [&guess, &nothing].map(|body| {
                let said = self.apply_as(manager, body, &[]);
                (said.code, said.stderr.replace(name, "NAME"))
            })
        });
        let said = said.collect();
        let keys = self.values(name).into_iter().map(|(key, _)| key).collect();
        (said, keys)
    }
}

#[test]
fn what_an_apply_takes_away_confirms_no_guess() {
    let desk = Desk::new("owners");
    for kind in ["merge", "strategic", "json", "replace"] {
        let [right, wrong] = GUESSES.map(|(name, guess)| {
            let name = format!("{name}-{kind}");
            desk.flux(&name);
            let value = encoded(guess);
            let merge = format!(r#"{{"data":{{"password":"{value}"}}}}"#);
            let json = format!(r#"[{{"op":"add","path":"/data/password","value":"{value}"}}]"#);
            let both = manifest(&name, &[("password", guess), ("user", "swordfish")]);
            let file = desk.file("replace.yaml", &both);
            let typed = format!("--type={kind}");
            let body = if kind == "json" { &json } else { &merge };
            match kind {
                "replace" => desk.kubectl(&["replace", "-f", &file]).ok(),
                _ => desk.kubectl(&["patch", "secret", &name, &typed, "-p", body]).ok(),
            };
            desk.consequences(&name)
        });
        assert_eq!(right, wrong, "{kind}");
        assert!(right.1.contains(&"password".to_owned()), "{kind}: {right:?}");
    }
}

#[test]
fn no_apply_takes_over_what_another_manages() {
    let desk = Desk::new("takeover");
    let [right, wrong] = GUESSES.map(|(name, guess)| {
        desk.flux(name);
        let refused =
            desk.apply_as("zz", &manifest(name, &[("password", guess)]), &["--force-conflicts"]);
        assert!(refused.stderr.contains("cannot take it over"), "{refused:?}");
        desk.consequences(name)
    });
    assert_eq!(right, wrong);
    desk.flux("own");
    desk.apply_as("flux", &manifest("own", &[("password", "changed")]), &[]).ok();
    assert_eq!(desk.values("own"), pairs(&[("password", "changed")]));
}
