import Formats
package import Manifests
import Storage

/// Who asks a registry, as far as it was found where Docker's and Podman's clients keep it.
package struct RegistryCredentials: Sendable {
    /// What there is.
    enum Content: Sendable {
        /// A name and a password, as `Authorization: Basic` has them.
        case basic(user: String, Secret)
        /// A token with which the registry's token service gives others.
        case identity(Secret)
    }

    /// What there is.
    let content: Content
    /// Where it is from: the path of a file, or the name of a helper.
    package let place: String

    /// Why credentials that are there cannot be used.
    package struct Unusable: Error, Equatable, Sendable {
        /// A sentence, without the credentials.
        package let reason: String
    }

    /// The names under which Docker's own registry is kept (docker/cli, `registry.IndexServer`).
    private static let dockerHub = [
        "https://index.docker.io/v1/", "index.docker.io", "docker.io", "registry-1.docker.io",
    ]
    /// The largest file that is read, in bytes.
    private static let limit = 1 << 22

    /// Finds the credentials for a repository: in the file that `REGISTRY_AUTH_FILE` names, else in Docker's
    /// `config.json` (`DOCKER_CONFIG`, or `~/.docker`), else in Podman's `auth.json` (containers-auth.json(5)). In each
    /// of them a helper for the host counts first, then what is written down, then the helper for everything.
    ///
    /// - Returns: `nil` if there is none, which public repositories do not need.
    package static func find(
        _ reference: RegistryReference, environment: [String: String]
    ) throws(Unusable) -> RegistryCredentials? {
        for path in paths(environment) {
            guard let file = try json(path) else { continue }
            if let found = try find(reference, in: file, path, environment) { return found }
        }
        return nil
    }

    /// The files that may have credentials, in the order in which they count.
    static func paths(_ environment: [String: String]) -> [String] {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = set("HOME")
        let docker = set("DOCKER_CONFIG") ?? home.map { Path.join($0, ".docker") }
        let settings = set("XDG_CONFIG_HOME") ?? home.map { Path.join($0, ".config") }
        return [
            set("REGISTRY_AUTH_FILE"), docker.map { Path.join($0, "config.json") },
            set("XDG_RUNTIME_DIR").map { Path.join($0, "containers/auth.json") },
            settings.map { Path.join($0, "containers/auth.json") },
        ].compactMap(\.self)
    }

    private static func json(_ path: String) throws(Unusable) -> JSON? {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileReader.contents(of: Directory.realPath(path), limit: limit)
        } catch {
            if error.isMissing { return nil }
            throw Unusable(reason: "\(path) cannot be read: \(error)")
        }
        guard let json = try? JSON.parse(bytes), json.members != nil else {
            throw Unusable(reason: "\(path) is not a JSON object")
        }
        return json
    }

    private static func find(
        _ reference: RegistryReference, in file: JSON, _ path: String, _ environment: [String: String]
    ) throws(Unusable) -> RegistryCredentials? {
        let names = names(reference)
        for member in file["credHelpers"]?.members ?? []
        where names.contains(where: { $0.hasSameBytes(as: member.key) }) {
            guard let helper = member.value.string else { continue }
            if let found = try ask(helper, names, path, environment) { return found }
        }
        if let found = try written(reference, names, file["auths"]?.members ?? [], path) { return found }
        guard let helper = file["credsStore"]?.string, !helper.isEmpty else { return nil }
        return try ask(helper, names, path, environment)
    }

    /// What a registry may be called in such a file.
    private static func names(_ reference: RegistryReference) -> [String] {
        let host = reference.authority
        return host.hasSameBytes(as: "docker.io") || host.hasSameBytes(as: "index.docker.io")
            ? dockerHub : [host]
    }

    /// What is written down for the longest beginning of the repository's name.
    private static func written(
        _ reference: RegistryReference, _ names: [String], _ auths: [JSON.Member], _ path: String
    ) throws(Unusable) -> RegistryCredentials? {
        var best: (length: Int, value: JSON)?
        for member in auths {
            var key = member.key
            if !names.contains(where: { $0.hasSameBytes(as: key) }) {
                // Older clients wrote addresses: "https://host/v2/".
                for scheme in ["https://", "http://"] where key.hasUTF8Prefix(scheme) {
                    let rest = key.utf8.dropFirst(scheme.utf8.count).prefix { $0 != UInt8(ascii: "/") }
                    key = String(decoding: Array(rest), as: UTF8.self)
                }
            }
            let fits =
                names.contains { $0.hasSameBytes(as: key) }
                || names.contains { "\($0)/\(reference.repository)/".hasUTF8Prefix(key + "/") }
            let length = key.utf8.count
            if fits, best.map({ $0.length < length }) ?? true { best = (length, member.value) }
        }
        guard let value = best?.value else { return nil }
        if let token = value["identitytoken"]?.string, !token.isEmpty {
            return RegistryCredentials(content: .identity(try checked(token, path)), place: path)
        }
        if let user = value["username"]?.string, let password = value["password"]?.string, !user.isEmpty {
            return try basic(user, password, path)
        }
        // An entry without anything is what docker login leaves where a helper has the rest.
        guard let auth = value["auth"]?.string, !auth.isEmpty else { return nil }
        guard let bytes = Base64.bytes(auth), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw Unusable(
                reason: "\(path) has an \"auth\" for \(reference.authority) that is not a name and a password"
            )
        }
        return try basic(
            String(decoding: bytes[..<colon], as: UTF8.self),
            String(decoding: bytes[(colon + 1)...].filter { $0 != 0 }, as: UTF8.self), path)
    }

    private static func basic(
        _ user: String, _ password: String, _ place: String
    ) throws(Unusable) -> RegistryCredentials {
        let text = Base64.text(Array("\(user):\(password)".utf8))
        return RegistryCredentials(content: .basic(user: user, Secret("Basic \(text)")), place: place)
    }

    private static func checked(_ token: String, _ place: String) throws(Unusable) -> Secret {
        guard token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw Unusable(reason: "the token in \(place) has a character that no token has")
        }
        return Secret(token)
    }

    /// Asks a helper, a program of the user's own (docker/docker-credential-helpers): the host on its standard input,
    /// `{"ServerURL": …, "Username": …, "Secret": …}` on its standard output.
    private static func ask(
        _ helper: String, _ names: [String], _ path: String, _ environment: [String: String]
    ) throws(Unusable) -> RegistryCredentials? {
        let isName = helper.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "-_.".utf8.contains(byte)
        }
        guard isName, !helper.isEmpty else {
            throw Unusable(reason: "\(path) names a helper that is not the name of a program")
        }
        let program = "docker-credential-\(helper)"
        for name in names {
            let answer: ChildProcess.Answer
            do throws(FileError) {
                answer = try ChildProcess.run(
                    [program, "get"], input: Array(name.utf8), environment: environment, limit: 1 << 16)
            } catch {
                throw Unusable(reason: "\(path) names the helper \(program), which cannot be run: \(error)")
            }
            guard answer.status == 0, let json = try? JSON.parse(answer.output) else { continue }
            guard let user = json["Username"]?.string, let secret = json["Secret"]?.string, !secret.isEmpty
            else { continue }
            if user.hasSameBytes(as: "<token>") {
                return RegistryCredentials(content: .identity(try checked(secret, program)), place: program)
            }
            return try basic(user, secret, program)
        }
        return nil
    }
}
