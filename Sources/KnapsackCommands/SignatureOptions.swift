import ArgumentParser
import Bundles
import Formats
import Manifests
import Storage

/// Whose signature a model has to have, and where it is.
struct SignatureOptions: ParsableArguments {
    /// The file of the public key, in PEM; `nil` where no signature is checked.
    @Option(
        help: ArgumentHelp("The public key that belongs to the signature.", valueName: "pem"),
        completion: .file())
    var key: String?

    /// The file of the signature; `nil` is the name that `sign` gives it.
    @Option(
        help: ArgumentHelp(
            "The signature's file; by default model.sig in a directory, else the file's name with .sig.",
            valueName: "file"),
        completion: .file())
    var signature: String?

    /// Refuses a signature without a key; exit code 2.
    func validate() throws {
        if signature != nil, key == nil {
            throw ValidationError("--signature needs --key, the key to check it with")
        }
    }

    /// The path of the signature of a directory or a file.
    func path(of target: String, isDirectory: Bool) -> String {
        signature ?? (isDirectory ? ModelSignature.name.joined(to: target) : target + ".sig")
    }

    /// Reads the signature and checks whose it is.
    func read(_ path: String, _ key: PublicKey) throws -> ModelSignature {
        do throws(FileError) {
            let bytes = try FileReader.contents(named: path, limit: ModelSignature.sizeLimit)
            return ModelSignature(bytes, path: path, key: key)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .signatureUnreadable, "\(error)",
                    fix: error.remedy(missing: "name the signature with --signature"), verdict: .undecided))
        }
    }
}
