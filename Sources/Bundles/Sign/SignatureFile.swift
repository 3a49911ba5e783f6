import Formats

/// A signature of a model in a file of its own: a Sigstore bundle of version 0.3 around a DSSE envelope.
///
/// Sources of the format: OpenSSF Model Signing 1.0 sections 4 and 8, DSSE 1.0, `sigstore_bundle.proto`.
struct SignatureFile: Equatable {
    /// The only version of Sigstore's bundle that signatures of models are in.
    static let mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
    /// What an envelope of a statement states it holds.
    static let payloadType = "application/vnd.in-toto+json"
    /// The most bytes that are read of one: the resources of several hundred thousand files.
    static let sizeLimit = 1 << 27

    /// What states who signed.
    enum Material: Equatable {
        /// A key that the verifier has: its fingerprint, or, up to version 1.0.1 of model_signing, its text.
        case key(hint: String?, text: [UInt8]?, details: String?)
        /// A chain of certificates.
        case certificates
        /// Sigstore's certificate of a few minutes, with the log that it was used in them.
        case sigstore
    }

    /// One signature of an envelope.
    struct Signature: Equatable {
        /// The signature as the algorithm gives it: for ECDSA, DER.
        let bytes: [UInt8]
        /// Which key it is of; not signed itself, and mostly empty.
        let keyID: String?
    }

    /// What states who signed; one key or one chain for all signatures.
    let material: Material
    /// Whether entries of a transparency log or timestamps come with it.
    let hasWitnesses: Bool
    /// The signed statement, as it was signed.
    let payload: [UInt8]
    /// The envelope's signatures; at least one in a file that was read.
    let signatures: [Signature]

    /// Puts a signature of a statement together, with the fingerprint of the key that made it.
    init(statement: [UInt8], signature: [UInt8], fingerprint: String) {
        material = .key(hint: fingerprint, text: nil, details: nil)
        hasWitnesses = false
        payload = statement
        signatures = [Signature(bytes: signature, keyID: "")]
    }

    /// What the signatures are of: DSSE's pre-authentication encoding of the payload.
    var signedBytes: [UInt8] { SignatureFile.signedBytes(of: payload) }

    /// DSSE's pre-authentication encoding of a statement: "DSSEv1", the length and text of the type, the length
    /// of the body, and the body, with blanks between.
    static func signedBytes(of payload: [UInt8]) -> [UInt8] {
        Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
    }

    /// The file's text: one line of JSON.
    var text: String {
        guard case .key(let hint, _, _) = material else { return "" }
        let key: JSON = ["hint": .string(hint ?? "")]
        let list = signatures.map { signature -> JSON in
            ["sig": .string(Base64.text(signature.bytes)), "keyid": .string(signature.keyID ?? "")]
        }
        let document: JSON = [
            "mediaType": .string(SignatureFile.mediaType),
            "verificationMaterial": ["publicKey": key, "tlogEntries": []],
            "dsseEnvelope": [
                "payload": .string(Base64.text(payload)), "payloadType": .string(SignatureFile.payloadType),
                "signatures": .array(list),
            ],
        ]
        return document.compactText + "\n"
    }
}

extension SignatureFile {
    /// Reads the file's text.
    ///
    /// - Throws: what is wrong with its form, as a sentence that goes on after a file's name.
    init(_ bytes: [UInt8]) throws(SignatureProblem) {
        let document: JSON
        do {
            document = try JSON.parse(bytes)
        } catch {
            throw SignatureProblem("is not a JSON document: \(error)")
        }
        let top = try SignatureObject(document, "the document")
        try top.allowOnly(["mediaType", "verificationMaterial", "dsseEnvelope"])
        let mediaType = try top.string("mediaType")
        guard mediaType == SignatureFile.mediaType else {
            throw SignatureProblem("states it is \"\(mediaType)\", and not \"\(SignatureFile.mediaType)\"")
        }
        (material, hasWitnesses) = try SignatureFile.material(try top.object("verificationMaterial"))
        let envelope = try top.object("dsseEnvelope")
        try envelope.allowOnly(["payload", "payloadType", "signatures"])
        let type = try envelope.string("payloadType")
        guard type == SignatureFile.payloadType else {
            throw SignatureProblem(
                "has a payload of type \"\(type)\", and not \"\(SignatureFile.payloadType)\"")
        }
        payload = try envelope.bytes("payload")
        signatures = try envelope.objects("signatures").map { signature throws(SignatureProblem) in
            try signature.allowOnly(["sig", "keyid"])
            return Signature(bytes: try signature.bytes("sig"), keyID: try signature.optionalString("keyid"))
        }
        guard !signatures.isEmpty else { throw SignatureProblem("has no signature in its envelope") }
    }

    private static func material(
        _ material: SignatureObject
    ) throws(SignatureProblem) -> (Material, hasWitnesses: Bool) {
        try material.allowOnly([
            "publicKey", "x509CertificateChain", "certificate", "tlogEntries", "timestampVerificationData",
        ])
        let witnesses = [
            material["tlogEntries"], material["timestampVerificationData"]?["rfc3161Timestamps"],
        ]
        let hasWitnesses = witnesses.contains { $0 != nil && $0 != .array([]) && $0 != .null }
        let kinds = ["publicKey", "x509CertificateChain", "certificate"].filter { material[$0] != nil }
        switch kinds {
        case ["publicKey"]:
            let key = try material.object("publicKey")
            try key.allowOnly(["hint", "rawBytes", "keyDetails"])
            let hint = try key.optionalString("hint")
            let text = key["rawBytes"] == nil ? nil : try key.bytes("rawBytes")
            guard hint != nil || text != nil else {
                throw SignatureProblem("does not state which key made it")
            }
            return (.key(hint: hint, text: text, details: try key.optionalString("keyDetails")), hasWitnesses)
        case ["x509CertificateChain"]: return (.certificates, hasWitnesses)
        case ["certificate"]: return (.sigstore, hasWitnesses)
        default: throw SignatureProblem("does not state whether a key or certificates signed it")
        }
    }
}
