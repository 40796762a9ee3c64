//! PEM (RFC 7468): the one key that a text holds, and the text of a key.

use base64ct::{Base64, Encoding};

use super::refusal::KeyRefusal;
use crate::secret::SecretBytes;

/// The longest text: an RSA key of 8192 bits has 6.3 KiB.
const MAX_TEXT: usize = 16 * 1024;

/// Characters in a line (RFC 7468, section 2).
const LINE: usize = 64;

/// What a block's label says is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// PKCS#8.
    Private,
    /// PKCS#1.
    RsaPrivate,
    /// SEC 1.
    EcPrivate,
    /// SubjectPublicKeyInfo.
    Public,
    /// PKCS#1.
    RsaPublic,
}

impl Label {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "PRIVATE KEY" => Some(Self::Private),
            "RSA PRIVATE KEY" => Some(Self::RsaPrivate),
            "EC PRIVATE KEY" => Some(Self::EcPrivate),
            "PUBLIC KEY" => Some(Self::Public),
            "RSA PUBLIC KEY" => Some(Self::RsaPublic),
            _ => None,
        }
    }
}

/// Reads the one key of `text`. A block of curve parameters, which `openssl ecparam -genkey` writes before the key, is
/// passed over.
///
/// # Errors
/// [`KeyRefusal::Pem`]; [`KeyRefusal::Encrypted`] for a key under a password.
pub fn read(text: &[u8]) -> Result<(Label, SecretBytes), KeyRefusal> {
    if text.len() > MAX_TEXT {
        return Err(KeyRefusal::Pem);
    }
    let text = std::str::from_utf8(text).map_err(|_| KeyRefusal::Pem)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut found = None;
    while let Some(line) = lines.next() {
        let name = boundary(line, "BEGIN").ok_or(KeyRefusal::Pem)?;
        if name == "ENCRYPTED PRIVATE KEY" {
            return Err(KeyRefusal::Encrypted);
        }
        let mut body = zeroize::Zeroizing::new(String::with_capacity(text.len()));
        loop {
            let line = lines.next().ok_or(KeyRefusal::Pem)?;
            if boundary(line, "END") == Some(name) {
                break;
            }
            // A key under a password in the old form says so in a header (RFC 1421, section 4.6.1.1).
            if line.starts_with("Proc-Type:") {
                return Err(KeyRefusal::Encrypted);
            }
            body.push_str(line);
        }
        if name == "EC PARAMETERS" {
            continue;
        }
        let label = Label::from_name(name).ok_or(KeyRefusal::Pem)?;
        let der = zeroize::Zeroizing::new(Base64::decode_vec(&body).map_err(|_| KeyRefusal::Pem)?);
        if found.replace((label, SecretBytes::new(&der))).is_some() {
            return Err(KeyRefusal::Pem);
        }
    }
    found.ok_or(KeyRefusal::Pem)
}

/// Whether a text is meant to be PEM.
#[must_use]
pub fn is_meant(text: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    text.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn boundary<'t>(line: &'t str, word: &str) -> Option<&'t str> {
    line.strip_prefix("-----")?.strip_prefix(word)?.strip_prefix(' ')?.strip_suffix("-----")
}

/// Writes a key.
#[must_use]
pub fn write(label: &str, der: &[u8]) -> zeroize::Zeroizing<String> {
    let body = zeroize::Zeroizing::new(Base64::encode_string(der));
    let mut text = zeroize::Zeroizing::new(String::with_capacity(body.len() + body.len() / LINE + 80));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{Label, is_meant, read, write};
    use crate::token::refusal::KeyRefusal;

    #[test]
    fn test_reads_what_it_writes() {
        for length in [1, 47, 48, 49, 1_000] {
            let text = write("PUBLIC KEY", &vec![7; length]);
            assert!(is_meant(text.as_bytes()));
            assert!(text.lines().all(|line| line.len() <= 64));
            let (label, der) = read(text.as_bytes()).unwrap();
            assert_eq!((label, der.expose()), (Label::Public, &vec![7; length][..]));
            let (_, windows) = read(text.replace('\n', "\r\n").as_bytes()).unwrap();
            assert_eq!(windows.expose(), der.expose());
        }
    }

    #[test]
    fn test_curve_parameters_are_passed_over() {
        let text = format!("{}{}", *write("EC PARAMETERS", b"x"), *write("EC PRIVATE KEY", b"key"));
        let (label, der) = read(text.as_bytes()).unwrap();
        assert_eq!((label, der.expose()), (Label::EcPrivate, &b"key"[..]));
    }

    #[test]
    fn test_refuses_everything_else() {
        let key = write("PRIVATE KEY", b"key");
        for text in [
            "",
            "text",
            "-----BEGIN PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\na2V5\n-----END PUBLIC KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\na2V\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\na2V5!\n-----END PRIVATE KEY-----\n",
            "-----BEGIN CERTIFICATE-----\na2V5\n-----END CERTIFICATE-----\n",
            "-----BEGIN OPENSSH PRIVATE KEY-----\na2V5\n-----END OPENSSH PRIVATE KEY-----\n",
            &format!("{}{}", *key, *key),
            &format!("{}junk", *key),
            &format!("junk\n{}", *key),
            &"-".repeat(20_000),
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), KeyRefusal::Pem, "{}", &text[..text.len().min(60)]);
        }
        for text in [
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\na2V5\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\na2V5\n-----END RSA PRIVATE KEY-----\n",
        ] {
            assert_eq!(read(text.as_bytes()).unwrap_err(), KeyRefusal::Encrypted);
        }
    }
}
