package import Caches
package import Formats
package import Manifests
import Storage

/// What is looked for in every file of an entry, file after file, so that each is opened once: pickles, other programs,
/// credentials, and what a model brings along that runs where it is loaded.
package struct FileSurvey: Sendable {
    /// What the files of an entry are looked through for besides credentials.
    package struct Scope: OptionSet, Sendable {
        /// One bit for each question.
        package let rawValue: Int
        /// Pickles and other programs.
        package static let programs = Scope(rawValue: 1)
        /// What a model states of itself.
        package static let model = Scope(rawValue: 2)
        /// Where tensors are, of every format.
        package static let tensors = Scope(rawValue: 4)

        /// Takes the bits.
        package init(rawValue: Int) { self.rawValue = rawValue }
    }

    /// The files with pickles, in the order of their paths.
    package private(set) var pickles: [PickleFact] = []
    /// The files with programs that are not pickles.
    package private(set) var programs: [ProgramFact] = []
    /// Tokens and keys in the files.
    package private(set) var credentials: [CredentialFact] = []
    /// What could not be read at all.
    package private(set) var problems: [Diagnostic] = []
    /// What the model brings along that runs where it is loaded; complete only after ``SafetyFacts/end()``.
    var safety = SafetyFacts()

    /// Looks through files.
    /// - Parameters:
    ///   - files: the files that were chosen.
    ///   - others: the paths of everything in the snapshot.
    ///   - entry: the entry's name, with which messages begin.
    package static func read(
        _ files: [CachedFile], among others: [RelativePath], _ scope: Scope, entry: String,
        _ contents: ModelFileReader
    ) -> FileSurvey {
        var survey = FileSurvey()
        let others = Set(others)
        for file in files.sorted(by: { $0.path < $1.path }) {
            survey.look(into: file.modelFile, others, scope, entry, contents)
        }
        survey.programs = Array(survey.programs.prefix(ProgramFact.mostFiles))
        survey.credentials = Array(survey.credentials.prefix(CredentialFact.most))
        survey.safety.end()
        return survey
    }

    private mutating func look(
        into file: ModelFile, _ others: Set<RelativePath>, _ scope: Scope, _ entry: String,
        _ contents: ModelFileReader
    ) {
        if credentials.count < CredentialFact.most {
            credentials += CredentialFact.read(file, among: others, contents)
        }
        if scope.contains(.programs) {
            do throws(FileError) {
                if let fact = try PickleFact.read(file, among: others, contents) { pickles.append(fact) }
                if let fact = try ProgramFact.read(file, contents) { programs.append(fact) }
            } catch {
                problems.append(
                    Diagnostic(
                        code: .unreadable, "\(entry): \(file.path) could not be read", notes: ["\(error)"],
                        verdict: .undecided))
            }
        }
        if scope.contains(.model) { safety.read(file, contents) }
        if scope.contains(.tensors) || file.path.hasSuffix(".safetensors") { contents.findTensors(in: file) }
    }
}
