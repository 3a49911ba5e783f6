import Formats
import Manifests

/// What is wrong with the form of a signature or of its statement, as a sentence that goes on after a name.
struct SignatureProblem: Error, Equatable {
    /// What is wrong, without a full stop; begins with a verb.
    let reason: String
    /// Whether it was understood and is wrong, or cannot be decided here.
    let verdict: Diagnostic.Verdict

    /// States what is wrong; a finding, unless it could not be decided.
    init(_ reason: String, verdict: Diagnostic.Verdict = .finding) {
        self.reason = reason
        self.verdict = verdict
    }
}

/// A JSON object of a signature, read strictly: no member twice, and the types that the schemas give.
struct SignatureObject {
    private let members: [ExactName: JSON]
    /// Where it stands, for messages.
    private let name: String

    /// Takes an object and its place for messages; throws if it is no object, or has a member twice.
    init(_ value: JSON, _ name: String) throws(SignatureProblem) {
        guard let list = value.members else { throw SignatureProblem("is not an object in \(name)") }
        var members: [ExactName: JSON] = [:]
        for member in list where members.updateValue(member.value, forKey: ExactName(member.key)) != nil {
            // Readers differ in which of the two they take.
            throw SignatureProblem("has the member \"\(member.key)\" twice in \(name)")
        }
        self.members = members
        self.name = name
    }

    /// The value of a member, of whatever type; `nil` if there is none.
    subscript(_ key: String) -> JSON? { members[key] }

    /// Refuses members that the published schema does not allow there.
    func allowOnly(_ names: [String]) throws(SignatureProblem) {
        let unknown = members.keys.filter { key in !names.containsExactly(key.text) }.min()
        if let unknown { throw SignatureProblem("has an unknown member \"\(unknown)\" in \(name)") }
    }

    private func required(_ key: String, _ kind: String) -> SignatureProblem {
        SignatureProblem(
            members[key] == nil
                ? "has no \"\(key)\" in \(name)" : "has a \"\(key)\" in \(name) that is not a \(kind)")
    }

    /// A member that has to be a string.
    func string(_ key: String) throws(SignatureProblem) -> String {
        guard let value = members[key]?.string else { throw required(key, "string") }
        return value
    }

    /// A string that may be absent or `null`.
    func optionalString(_ key: String) throws(SignatureProblem) -> String? {
        if members[key] == nil || members[key] == .null { return nil }
        return try string(key)
    }

    /// A member that has to be a truth value.
    func bool(_ key: String) throws(SignatureProblem) -> Bool {
        guard let value = members[key]?.bool else { throw required(key, "truth value") }
        return value
    }

    /// A whole number, also where it is written as a fraction, as protobuf's `Struct` may.
    func integer(_ key: String) throws(SignatureProblem) -> Int {
        switch members[key] {
        case .integer(let value)?: return value
        case .number(let value)?:
            if let whole = Int(exactly: value) { return whole }
        default: break
        }
        throw required(key, "whole number")
    }

    /// A member that has to be a string in base64, decoded.
    func bytes(_ key: String) throws(SignatureProblem) -> [UInt8] {
        guard let bytes = Base64.bytes(try string(key)) else { throw required(key, "base64 string") }
        return bytes
    }

    /// Bytes in lowercase hexadecimal digits.
    func hexBytes(_ key: String) throws(SignatureProblem) -> [UInt8] {
        guard let bytes = Hex.bytes(try string(key)) else {
            throw required(key, "list of lowercase hexadecimal digits")
        }
        return bytes
    }

    /// A member that has to be an object, read as strictly as this one.
    func object(_ key: String) throws(SignatureProblem) -> SignatureObject {
        guard let value = members[key], value.members != nil else { throw required(key, "JSON object") }
        return try SignatureObject(value, "\"\(key)\"")
    }

    /// A member that has to be a list of objects; the list may be empty.
    func objects(_ key: String) throws(SignatureProblem) -> [SignatureObject] {
        guard let values = members[key]?.array else { throw required(key, "list") }
        var objects: [SignatureObject] = []
        objects.reserveCapacity(values.count)
        for value in values { objects.append(try SignatureObject(value, "\"\(key)\"")) }
        return objects
    }

    /// A member that has to be a list of strings; the list may be empty.
    func strings(_ key: String) throws(SignatureProblem) -> [String] {
        guard let values = members[key]?.strings else { throw required(key, "list of strings") }
        return values
    }
}
