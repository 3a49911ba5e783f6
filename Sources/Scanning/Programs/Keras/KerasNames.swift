import Formats

/// What the description of a Keras model may name: everything that Keras and the libraries beside it have themselves.
enum KerasNames {
    private static let modules: [(module: String, names: NameSet)] = exported.map {
        ($0.module, NameSet($0.names))
    }
    private static let everything = NameSet(modules.map(\.names) + [NameSet(inner)])
    private static let beside: [(package: String, names: NameSet)] = companions.map {
        ($0.package, NameSet($0.names))
    }
    private static let functionModules: [(module: String, names: NameSet)] = functions.map {
        ($0.module, NameSet($0.names))
    }
    private static let packages = NameSet("keras tf_keras")

    /// The package that a class is of; `nil` where the module is none of Keras's, or does not have it.
    ///
    /// A public module has to export the class. Internal modules are other ones in each version, so that of these only
    /// the package counts.
    static func package(ofClass name: String, module: String?) -> String? {
        guard let module else { return everything.contains(name) ? "keras" : nil }
        guard let (package, rest) = parts(module) else { return nil }
        if let companion = beside.first(where: { $0.package.hasSameBytes(as: package) }) {
            return companion.names.contains(name) ? package : nil
        }
        guard packages.contains(package), everything.contains(name) else { return nil }
        guard let exported = modules.first(where: { $0.module.hasSameBytes(as: rest) }) else {
            // A module of one part is public, and would have been found.
            guard rest.utf8.contains(0x2E) else { return nil }
            let first = rest.utf8.split(separator: 0x2E).first.map { String($0) ?? "" } ?? ""
            return NameSet(
                "src engine layers optimizers saving utils metrics losses ops models legacy premade"
            )
            .contains(first) ? package : nil
        }
        return exported.names.contains(name) || isAlias(name, rest) ? package : nil
    }

    /// Whether a function is Keras's own.
    static func isFunction(_ name: String, module: String?) -> Bool {
        guard let module, !module.hasSameBytes(as: "builtins") else {
            return functionModules.contains { $0.names.contains(name) }
        }
        guard let (package, rest) = parts(module), packages.contains(package) else { return false }
        guard let found = functionModules.first(where: { $0.module.hasSameBytes(as: rest) }) else {
            return rest.hasUTF8Prefix("src.") && functionModules.contains { $0.names.contains(name) }
        }
        return found.names.contains(name)
    }

    /// Whether `registered_name` is one that Keras gives a class of this package.
    static func isRegistered(_ registered: String, _ name: String, package: String) -> Bool {
        if registered.hasSameBytes(as: name) { return true }
        return registered.hasSameBytes(as: "\(package)>\(name)")
            || registered.hasSameBytes(as: "keras>\(name)")
    }

    /// The package of `keras.layers`, and the rest; TensorFlow's name for Keras is taken for Keras.
    private static func parts(_ module: String) -> (package: String, rest: String)? {
        var module = module
        for prefix in ["tensorflow.python.keras", "tensorflow.keras"] where module.hasUTF8Prefix(prefix) {
            module = "keras" + String(decoding: module.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        let parts = module.utf8.split(separator: 0x2E, omittingEmptySubsequences: false)
        let isPlain = parts.allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy {
                    $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
                        || (0x61...0x7A).contains($0)
                }
        }
        guard isPlain, let package = parts.first.flatMap({ String($0) }) else { return nil }
        return (package, String(decoding: module.utf8.dropFirst(package.utf8.count + 1), as: UTF8.self))
    }

    /// Classes that one version exports from `keras.layers` or `keras` and another from elsewhere.
    private static func isAlias(_ name: String, _ module: String) -> Bool {
        module.hasSameBytes(as: "") && NameSet("Model Sequential").contains(name)
    }
}
