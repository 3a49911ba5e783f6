package import Formats

/// Files that clients and people keep tokens and keys in, by name; and which files may have one in their text.
package enum CredentialName {
    private static let names: [(name: String, kind: String)] = [
        ("stored_tokens", "a file with tokens of Hugging Face"),
        ("kaggle.json", "a file with a key of Kaggle"),
        ("access_token", "a file with a token of Kaggle"), (".netrc", "a file with passwords"),
        ("_netrc", "a file with passwords"), (".git-credentials", "a file with passwords"),
        (".pypirc", "a file with tokens of PyPI"), (".npmrc", "a file with tokens of npm"),
        (".pgpass", "a file with passwords"), (".my.cnf", "a file with passwords"),
        (".mylogin.cnf", "a file with passwords"), (".modal.toml", "a file with tokens of Modal"),
        (".boto", "a file with keys of AWS"),
        (".dockercfg", "a file with passwords"), (".htpasswd", "a file with passwords"),
        ("id_rsa", "a private key"), ("id_dsa", "a private key"), ("id_ecdsa", "a private key"),
        ("id_ed25519", "a private key"), ("id_ecdsa_sk", "a private key"), ("id_ed25519_sk", "a private key"),
        ("credentials.json", "a file with credentials"), ("client_secret.json", "a file with credentials"),
        ("application_default_credentials.json", "a file with credentials of Google"),
        (".s3cfg", "a file with keys of AWS"), ("rclone.conf", "a file with credentials"),
        ("secrets.toml", "a file with credentials"),
    ]
    private static let suffixes = [".ppk", ".p12", ".pfx", ".jks", ".keystore", ".kdbx"]
    /// Directories of clients, and the files in them that hold something.
    private static let places: [(directory: String, names: [String], kind: String)] = [
        (".aws", ["credentials", "config"], "a file with keys of AWS"),
        (".docker", ["config.json"], "a file with passwords"),
        (".kube", ["config"], "a file with credentials"),
        (".kaggle", ["kaggle.json", "access_token", "credentials.json"], "a file with a key of Kaggle"),
        (".huggingface", ["token"], "a file with a token of Hugging Face"),
        ("huggingface", ["token"], "a file with a token of Hugging Face"),
    ]
    /// Directories in which everything is a secret, but for what is named otherwise.
    private static let directories: [(name: String, kind: String)] = [
        (".ssh", "a file with keys"), (".gnupg", "a file with keys"), (".azure", "a file with credentials"),
        ("gcloud", "a file with credentials of Google"),
    ]

    /// What a file of such a name holds, to be read after "has the name of"; `nil` for any other.
    /// - Parameter others: the paths of everything beside it.
    package static func kind(of path: RelativePath, among others: Set<RelativePath>) -> String? {
        let name = path.name.asciiLowercased
        let parts = path.components.map(\.asciiLowercased)
        let parents = parts.dropLast()
        if name.hasSameBytes(as: ".env") || name.hasUTF8Prefix(".env.") || name.hasUTF8Prefix(".envrc")
            || name.hasUTF8Suffix(".env")
        {
            let ends = [".example", ".sample", ".template", ".dist", ".defaults"]
            return ends.contains { name.hasUTF8Suffix($0) } ? nil : "a file with secrets of an environment"
        }
        if let found = names.first(where: { $0.name.hasSameBytes(as: name) }) { return found.kind }
        if suffixes.contains(where: { name.hasUTF8Suffix($0) }) { return "a store of keys" }
        if let parent = parents.last {
            let found = places.first { place in
                place.directory.hasSameBytes(as: parent) && place.names.containsExactly(name)
            }
            if let found { return found.kind }
        }
        for directory in directories where parents.containsExactly(directory.name) {
            let isPublic = name.hasUTF8Suffix(".pub") || name.hasUTF8Prefix("known_hosts")
            // "gcloud" alone is an ordinary word.
            let isConfiguration =
                !directory.name.hasSameBytes(as: "gcloud")
                || parents.contains { $0.hasSameBytes(as: ".config") }
            if !isPublic, isConfiguration { return directory.kind }
        }
        guard name.hasSameBytes(as: "token") else { return nil }
        // "token" is one only in the client's home, beside other things that are there.
        let beside: [RelativePath] = [
            "stored_tokens", ".check_for_update_done", "hub/CACHEDIR.TAG", "hub/version.txt",
        ]
        return beside.contains { others.contains(path.beside($0)) }
            ? "a file with a token of Hugging Face" : nil
    }

    private static let texts = NameSet(
        """
        py ipynb md markdown rst txt json jsonl yaml yml toml ini cfg conf config sh bash zsh fish ps1 bat cmd env
        properties xml html htm js ts tsx jsx css java kt go rs rb php pl lua r jl swift c h cc cpp hpp cs sql csv tsv
        log tf tfvars hcl dockerfile gradle pem key crt cer asc pub lock example sample template dist patch diff
        """)
    private static let vocabularies = NameSet(
        "vocab.txt vocab.json merges.txt tokenizer.json added_tokens.json")

    /// Whether a file's text is looked through: what people and tools write, and files without a suffix. Not a model's
    /// vocabulary, which has every word.
    package static func isText(_ path: String) -> Bool {
        let name = path.lastPart.asciiLowercased
        if vocabularies.contains(name) || name.hasUTF8Suffix(".index.json") { return false }
        guard let dot = name.utf8.lastIndex(of: 0x2E) else { return true }
        if dot == name.utf8.startIndex { return true }
        return texts.contains(String(name[name.utf8.index(after: dot)...]))
    }
}
