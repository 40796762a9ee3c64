//! Tokens at the boundary: keys and rings, PyJWT's functions, and the issuer of first-party tokens.

mod arguments;
mod claims;
mod issuer;
mod jwt;
mod keys;

pub(super) use claims::{PyClaims, PyTokenPair};
pub(super) use issuer::PyTokenIssuer;
pub(super) use jwt::{decode, decode_complete, decode_unverified, encode, get_unverified_header};
pub(super) use keys::{PyKey, PyKeyRing, export_private_jwk, export_private_pem};
