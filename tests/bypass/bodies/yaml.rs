//! Bodies in YAML.

use crate::bypass::catalogue::Outcome::{Does, Refuses, Says};
use crate::bypass::catalogue::Proof::Shows;
use crate::bypass::catalogue::{ENTRY, Entry, SECTION, Section};

pub static YAML: Section = Section {
    title: "Bodies in YAML",
    about: "YAML has dialects, aliases and tags. kguard reads it as the API server does, where that has one reading, and sends it on as JSON.",
    attacks: AS_YAML,
    honest: AS_YAML_HONESTLY,
    ..SECTION
};

/// Nine to the fifth strings, in six lines.
const BOMB: &[u8] = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";

const AS_YAML: &[Entry] = &[
    Entry {
        name: "a key twice",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: x}\ndata: {b: x}\n",
        proof: Shows(r#""b":"x""#),
        unguarded: Does(201, "takes the last"),
        guarded: Refuses(400, "not valid YAML"),
    },
    Entry {
        name: "the second quoted with an escape",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: x}\n\"\\x64ata\": {b: x}\n",
        proof: Shows(r#""b":"x""#),
        unguarded: Does(201, "takes the last"),
        guarded: Refuses(400, "not valid YAML"),
    },
    Entry {
        name: "keys that become one",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {1: z, \"1\": w}\n",
        unguarded: Does(201, "takes one of them by chance"),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "a second document",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\ndata: {a: x}\n",
        proof: Shows(r#""a":"x""#),
        unguarded: Says(201, "reads the first alone"),
        guarded: Refuses(400, "not valid YAML"),
    },
    Entry {
        name: "an alias of nothing",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: *nobody}\n",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "aliases of aliases",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: BOMB,
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "a key that is a list",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n? [a]\n: x\n",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "not a number",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nimmutable: .nan\n",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "bytes that are no UTF-8",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"a: \xff\n",
        unguarded: Says(400, ""),
        guarded: Refuses(400, "not valid YAML"),
        ..ENTRY
    },
    Entry {
        name: "a placeholder spelled in YAML",
        sends: "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/yaml",
        body: br#"{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: "\x6bguard:masked:v1:AAAAAAAAAAAAAAAAAAAAAAAA"}}"#,
        unguarded: Does(201, ""),
        guarded: Refuses(422, "value masked by kguard"),
        ..ENTRY
    },
    Entry {
        name: "a placeholder as base64 in a YAML block",
        sends: "POST /api/v1/namespaces/$NS/secrets?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  a: |\n    a2d1YXJkOm1h\n    c2tlZDp2MTpBQUFBQUFB\n    QUFBQUFBQUFBQUFBQUFBQUE=\n",
        unguarded: Does(201, ""),
        guarded: Refuses(422, "value masked by kguard"),
        ..ENTRY
    },
];

const AS_YAML_HONESTLY: &[Entry] = &[
    Entry {
        name: "plain YAML",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: x}\n",
        proof: Shows(r#""a":"x""#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "an anchor and its alias",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: &a x, b: *a}\n",
        proof: Shows(r#""b":"x""#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a merge",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nx: &x {a: x}\ndata: {<<: *x, b: w}\n",
        proof: Shows(r#""data":{"a":"x","b":"w"}"#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a boolean of YAML 1.1",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nimmutable: yes\n",
        proof: Shows(r#""immutable":true"#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a tag",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: !!str 1}\n",
        proof: Shows(r#""a":"1""#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a whole number with a fraction",
        sends: "POST /api/v1/namespaces/$NS/pods?dryRun=All\nContent-Type: application/yaml",
        body: b"{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {terminationGracePeriodSeconds: 7.0, containers: [{name: c, image: none}]}}",
        proof: Shows(r#""terminationGracePeriodSeconds":7,"#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "a mode in octal",
        sends: "POST /api/v1/namespaces/$NS/pods?dryRun=All\nContent-Type: application/yaml",
        body: b"{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {containers: [{name: c, image: none}], volumes: [{name: v, secret: {secretName: s, defaultMode: 0400}}]}}",
        proof: Shows(r#""defaultMode":256"#),
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
    },
    Entry {
        name: "one document with its marks",
        sends: "POST /api/v1/namespaces/$NS/configmaps?dryRun=All\nContent-Type: application/yaml",
        body: b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n...\n",
        unguarded: Does(201, ""),
        guarded: Does(201, ""),
        ..ENTRY
    },
];
