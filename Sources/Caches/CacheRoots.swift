import Formats
import Storage

/// Where the clients look for their caches, out of the environment alone.
enum CacheRoots {
    /// The Hugging Face hub cache (huggingface_hub, `constants.py`): `HF_HUB_CACHE`, else
    /// `HUGGINGFACE_HUB_CACHE`, else `hub` in `HF_HOME`, else in `huggingface` in `XDG_CACHE_HOME`, else in
    /// `~/.cache`. A variable that is set to nothing counts as set.
    static func hub(_ environment: [String: String]) -> String {
        expanded(
            environment["HF_HUB_CACHE"] ?? environment["HUGGINGFACE_HUB_CACHE"]
                ?? joined(huggingFaceHome(environment), "hub"), environment)
    }

    /// The file of the Hub's token (huggingface_hub, `constants.py`): `HF_TOKEN_PATH`, else `token` in `HF_HOME`.
    static func hubToken(_ environment: [String: String]) -> String {
        expanded(
            environment["HF_TOKEN_PATH"] ?? joined(huggingFaceHome(environment), "token"), environment)
    }

    private static func huggingFaceHome(_ environment: [String: String]) -> String {
        let caches = environment["XDG_CACHE_HOME"] ?? homeExpanded("~/.cache", environment)
        return expanded(environment["HF_HOME"] ?? joined(caches, "huggingface"), environment)
    }

    private static func expanded(_ path: String, _ environment: [String: String]) -> String {
        variablesExpanded(homeExpanded(path, environment), environment)
    }

    /// The kagglehub cache (kagglehub, `config.py`): `KAGGLEHUB_CACHE` as it stands, else
    /// `~/.cache/kagglehub`.
    static func kagglehub(_ environment: [String: String]) -> String {
        environment["KAGGLEHUB_CACHE"] ?? homeExpanded("~/.cache/kagglehub", environment)
    }

    /// The directories in which Kaggle's clients look for `kaggle.json`, in their order (kagglehub 1.0.3, `config.py`;
    /// kaggle 2.2.5, `kaggle_api_extended.py`): `KAGGLE_CONFIG_DIR` alone if it is set, else `~/.kaggle`, else `kaggle` in
    /// `XDG_CONFIG_HOME`, else in `~/.config`.
    static func kaggleSettings(_ environment: [String: String]) -> [String] {
        if let directory = environment["KAGGLE_CONFIG_DIR"], !directory.isEmpty { return [directory] }
        let named = environment["XDG_CONFIG_HOME"] ?? ""
        let settings = named.isEmpty ? homeExpanded("~/.config", environment) : named
        return [homeExpanded("~/.kaggle", environment), joined(settings, "kaggle")]
    }

    /// Python's `os.path.join`: nothing joined with a name is the name, from the current directory.
    private static func joined(_ directory: String, _ name: String) -> String {
        directory.isEmpty ? name : Path.join(directory, name)
    }

    /// Python's `os.path.expanduser`: "~" and "~name" at the start; an unknown user stays as it is.
    static func homeExpanded(_ path: String, _ environment: [String: String]) -> String {
        let bytes = Array(path.utf8)
        guard bytes.first == UInt8(ascii: "~") else { return path }
        let end = bytes.firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
        let name = String(decoding: bytes[1..<end], as: UTF8.self)
        let found = name.isEmpty ? environment["HOME"] ?? Account.home(of: nil) : Account.home(of: name)
        guard var home = found.map({ Array($0.utf8) }) else { return path }
        while home.last == UInt8(ascii: "/") { home.removeLast() }
        let result = home + bytes[end...]
        return result.isEmpty ? "/" : String(decoding: result, as: UTF8.self)
    }

    /// Python's `os.path.expandvars`: `$NAME` and `${NAME}`; unknown names stay as they are, and what was
    /// put in is not looked at again.
    static func variablesExpanded(_ path: String, _ environment: [String: String]) -> String {
        let bytes = Array(path.utf8)
        var result: [UInt8] = []
        var position = 0
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "$"), let (name, end) = variable(bytes, after: position),
                let value = environment[name]
            {
                result += Array(value.utf8)
                position = end
            } else {
                result.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// The name of the variable behind a "$", and where its text ends; `nil` if there is none.
    private static func variable(_ bytes: [UInt8], after dollar: Int) -> (name: String, end: Int)? {
        let start = dollar + 1
        guard start < bytes.count else { return nil }
        if bytes[start] == UInt8(ascii: "{") {
            guard let close = bytes[start...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
            return (String(decoding: bytes[start + 1..<close], as: UTF8.self), close + 1)
        }
        let isWord = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let end = bytes[start...].firstIndex { !isWord($0) } ?? bytes.count
        return end == start ? nil : (String(decoding: bytes[start..<end], as: UTF8.self), end)
    }
}
