//! The OpenID provider that `kguard-gateway dev` brings along.
