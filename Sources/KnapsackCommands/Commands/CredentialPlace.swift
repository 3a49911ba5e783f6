import Formats
import Manifests
import Storage

/// Where the official clients find the credentials of a service; what they are is never read.
struct CredentialPlace {
    /// "Hugging Face" or "Kaggle".
    let service: String
    /// The variable or the file that has them; `nil` if nothing has.
    let place: String?
    /// What is wrong with them.
    let findings: [Diagnostic]

    /// The record of `--json`.
    var json: JSON {
        [
            "service": .string(service), "present": .bool(place != nil),
            "from": place.map(JSON.string) ?? .null,
        ]
    }

    /// Both services, as huggingface_hub 1.x (`utils/_auth.py`) and kagglesdk (`kaggle_creds.py`) look for them.
    static func all(_ environment: [String: String]) -> [CredentialPlace] {
        func home(_ path: String) -> String? { environment["HOME"].map { Path.join($0, path) } }
        func isSet(_ name: String) -> Bool { environment[name].map { !$0.isEmpty } ?? false }
        let cache = environment["XDG_CACHE_HOME"] ?? home(".cache")
        let hubHome = environment["HF_HOME"] ?? cache.map { Path.join($0, "huggingface") }
        let hubFile = environment["HF_TOKEN_PATH"] ?? hubHome.map { Path.join($0, "token") }
        let hub = ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"].first(where: isSet)

        let kaggleHome = environment["KAGGLE_CONFIG_DIR"] ?? home(".kaggle")
        var kaggleFiles = ["access_token", "access_token.txt", "kaggle.json", "credentials.json"].compactMap {
            name in
            kaggleHome.map { Path.join($0, name) }
        }
        // The kaggle command (2.2.5) looks there only where ~/.kaggle is not.
        if environment["KAGGLE_CONFIG_DIR"] == nil, let kaggleHome,
            (try? FileStatus.existing(kaggleHome)) == nil,
            let settings = environment["XDG_CONFIG_HOME"] ?? home(".config")
        {
            kaggleFiles.append(Path.join(settings, "kaggle/kaggle.json"))
        }
        let kaggle = isSet("KAGGLE_API_TOKEN") ? "KAGGLE_API_TOKEN" : nil
        let pair = ["KAGGLE_USERNAME", "KAGGLE_KEY"]
        var half: [Diagnostic] = []
        if kaggle == nil, isSet(pair[0]) != isSet(pair[1]) {
            let (known, missing) = isSet(pair[0]) ? (pair[0], pair[1]) : (pair[1], pair[0])
            half.append(
                Diagnostic(
                    code: .setup, "\(known) is set and \(missing) is not",
                    fix: "set both, or KAGGLE_API_TOKEN alone"))
        }
        return [
            CredentialPlace(service: "Hugging Face", variable: hub, files: [hubFile].compactMap(\.self), []),
            CredentialPlace(
                service: "Kaggle",
                variable: kaggle ?? (pair.allSatisfy(isSet) ? pair.joined(separator: " and ") : nil),
                files: kaggleFiles, half),
        ]
    }

    private init(service: String, variable: String?, files: [String], _ findings: [Diagnostic]) {
        self.service = service
        var findings = findings
        let file = files.first { (try? FileStatus.existing($0))?.kind == .file }
        if let file, FileStatus.isReadableByOthers(file) {
            findings.append(
                Diagnostic(
                    code: .setup, "\(file) can be read by every user of this machine",
                    fix: "chmod 600 \(ShellWord.quoted(file))"))
        }
        place = variable ?? file
        self.findings = findings
    }
}
