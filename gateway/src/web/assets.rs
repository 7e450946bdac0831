//! The files of the page: those of `gateway/web/`, compiled in. They have no versions in their
//! names, so browsers keep them and ask each time whether they are still the same.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, IF_NONE_MATCH};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use include_dir::{Dir, include_dir};
use kguard::audit::hex;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/web");

/// By path below `/ui/`.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let mut assets = HashMap::new();
    collect(&FILES, &mut assets);
    assets
});

/// One file.
struct Asset {
    content: Bytes,
    content_type: &'static str,
    etag: HeaderValue,
}

fn collect(folder: &Dir<'static>, assets: &mut HashMap<String, Asset>) {
    for file in folder.files() {
        let Some(path) = file.path().to_str() else { continue };
        // What has no type is not for browsers: a licence's text has one, a script that fetches the
        // vendored files has not.
        let Some(content_type) = content_type(path) else { continue };
        let content = Bytes::from_static(file.contents());
        let digest = hex::sha256(&content);
        let etag = digest.get(..32).unwrap_or(&digest);
        let Ok(etag) = HeaderValue::try_from(format!("\"{etag}\"")) else { continue };
        assets.insert(path.replace('\\', "/"), Asset { content, content_type, etag });
    }
    folder.dirs().for_each(|folder| collect(folder, assets));
}

fn content_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "ico" => "image/x-icon",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "webmanifest" => "application/manifest+json",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// The files, below `/ui/`.
pub(super) fn router() -> Router {
    Router::new()
        .route("/ui/", get(async |headers: HeaderMap| serve("index.html", &headers)))
        .route(
            "/ui/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| serve(&path, &headers)),
        )
}

fn serve(path: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.get(path) else {
        return (StatusCode::NOT_FOUND, "there is no such file\n").into_response();
    };
    let about = [(ETAG, asset.etag.clone()), (CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
    if knows(headers, &asset.etag) {
        return (StatusCode::NOT_MODIFIED, about).into_response();
    }
    (about, [(CONTENT_TYPE, asset.content_type)], asset.content.clone()).into_response()
}

/// Whether the browser has this very file (RFC 9110, 13.1.2). What stands before us may have made
/// its tag a weak one.
fn knows(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/").as_bytes() == etag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_there_and_whatever_is_text_says_its_encoding() {
        assert!(ASSETS.contains_key("index.html"));
        for (path, asset) in ASSETS.iter() {
            let text = asset.content_type.starts_with("text/");
            assert_eq!(text, asset.content_type.contains("charset"), "{path}");
        }
    }

    #[test]
    fn a_file_that_is_known_is_not_sent_again() {
        let first = serve("index.html", &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let etag = first.headers()[ETAG].to_str().unwrap();
        for (known, status) in [
            (etag.to_owned(), StatusCode::NOT_MODIFIED),
            (format!("\"x\", W/{etag}"), StatusCode::NOT_MODIFIED),
            ("\"x\"".to_owned(), StatusCode::OK),
        ] {
            let headers = [(IF_NONE_MATCH, HeaderValue::try_from(known).unwrap())];
            assert_eq!(serve("index.html", &HeaderMap::from_iter(headers)).status(), status);
        }
    }

    #[test]
    fn no_path_leads_out_of_the_folder() {
        for path in ["", "..", "../Cargo.toml", "/etc/passwd", "./index.html", "index.html/"] {
            assert_eq!(serve(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
