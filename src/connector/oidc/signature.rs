//! What jsonwebtoken asks of cryptography, answered by ring: public keys verify, nothing signs, and no secret that both
//! sides know counts as a signature.

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, new_error};
use jsonwebtoken::signature::{Error, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};

/// The algorithms that are accepted, all with a public key.
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

static RING: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    verifier_factory: |algorithm, key| match judge(*algorithm) {
        Some(judge) => Ok(Box::new(Ring { algorithm: *algorithm, judge, key: key.clone() })),
        None => Err(new_error(ErrorKind::UnsupportedAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes ring what verifies; the first call counts.
pub fn install() {
    // Err says that it is installed already.
    let _ = RING.install_default();
}

#[derive(Clone, Copy)]
enum Judge {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

/// `None` for what is not accepted.
fn judge(algorithm: Algorithm) -> Option<Judge> {
    Some(match algorithm {
        Algorithm::RS256 => Judge::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Judge::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Judge::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Judge::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Judge::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Judge::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Judge::Curve(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Judge::Curve(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Judge::Curve(&signature::ED25519),
        _ => return None,
    })
}

struct Ring {
    algorithm: Algorithm,
    judge: Judge,
    key: DecodingKey,
}

impl Verifier<Vec<u8>> for Ring {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        let verified = match (self.judge, self.key.kind()) {
            (Judge::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (Judge::Curve(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(algorithm, point).verify(message, signature)
            }
            _ => return Err(Error::new()),
        };
        verified.map_err(|_| Error::new())
    }
}

impl JwtVerifier for Ring {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
