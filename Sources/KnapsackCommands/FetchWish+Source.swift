import Formats
import Manifests
import Transfer

extension FetchWish {
    /// What a person wants who names a source.
    ///
    /// - Parameters:
    ///   - text: such as "hf:org/name@main".
    ///   - revision: the branch, the tag or the commit, if it is not in the text.
    ///   - include: patterns of files; all if there are none.
    ///   - exclude: patterns of files that are left out.
    /// - Throws: ``Diagnostics`` where that names nothing that is fetched.
    init(source text: String, revision: String? = nil, include: [String], exclude: [String]) throws {
        let source: Source
        do throws(SourceError) {
            source = try Source.parse(text)
        } catch {
            throw Diagnostics(.source(text, error))
        }
        guard source.isFetched else {
            throw FetchWish.usage(
                "\(text) is neither on the Hugging Face Hub nor on Kaggle nor in a registry, from which fetch loads",
                nil)
        }
        self.init(
            subject: text, source: try FetchWish.source(source, at: revision, text),
            filter: FileFilter(
                include: include.isEmpty ? nil : include.map(Glob.init), exclude: exclude.map(Glob.init)))
    }

    /// A source at the revision that `--revision` names, if there is one.
    private static func source(_ source: Source, at revision: String?, _ text: String) throws -> Source {
        guard let revision else { return source }
        guard case .hub(let repository, _) = source else {
            throw usage(
                "--revision is for the Hub, and \(text) is not there", "write the version into the source")
        }
        if text.utf8.contains(UInt8(ascii: "@")) {
            throw usage(
                "\(text) states a revision, and so does --revision \(revision)", "leave one of them out")
        }
        if let problem = HubRepository.problem(inRevision: revision) {
            throw usage("the revision \(quoted(revision)) \(problem)", nil)
        }
        return .hub(repository, revision: revision)
    }

    private static func usage(_ message: String, _ fix: String?) -> Diagnostics {
        Diagnostics(Diagnostic(code: .usage, message, fix: fix, verdict: .undecided))
    }
}
