import Caches
import Formats
import Manifests

/// A call of Kaggle's interface: a POST of JSON, whose members' names are those of kagglesdk 0.1.38.
struct KaggleCall: Sendable {
    /// Such as "models.ModelApiService".
    let service: String
    /// Such as "GetModelInstance".
    let method: String
    /// The arguments.
    let arguments: JSON

    /// The service of models.
    static let models = "models.ModelApiService"
    /// The service of data sets.
    static let datasets = "datasets.DatasetApiService"
    private static let competitions = "competitions.CompetitionApiService"
    private static let kernels = "kernels.KernelsApiService"

    /// The most files of one page of a list.
    private static let pageSize = 200

    /// Takes the service, the method and its arguments.
    init(_ service: String, _ method: String, _ arguments: [JSON.Member]) {
        self.service = service
        self.method = method
        self.arguments = .object(arguments)
    }

    /// Asks for the version that is current, and where the answer has it; `nil` for what has no versions.
    static func currentVersion(_ handle: KaggleHandle) -> (call: KaggleCall, member: [String])? {
        switch handle.kind {
        case .model: (KaggleCall(models, "GetModelInstance", base(handle)), ["versionNumber"])
        case .dataset: (KaggleCall(datasets, "GetDataset", base(handle)), ["currentVersionNumber"])
        case .notebook:
            (
                KaggleCall(
                    kernels, "GetKernel",
                    [member("userName", handle.parts.first), member("kernelSlug", handle.parts.last)]),
                ["metadata", "currentVersionNumber"]
            )
        case .competition: nil
        }
    }

    /// Asks for a page of the files of a version: of all of a model's, of one directory of the others.
    /// - Returns: `nil` for notebooks, of whose versions Kaggle lists no files.
    static func files(_ handle: KaggleHandle, directory: String, page: String) -> KaggleCall? {
        var rest = version(handle)
        if !directory.isEmpty { rest.append(member("path", directory)) }
        rest.append(JSON.Member("pageSize", .integer(pageSize)))
        if !page.isEmpty { rest.append(member("pageToken", page)) }
        return switch handle.kind {
        case .model: KaggleCall(models, "ListModelInstanceVersionFiles", base(handle) + rest)
        case .dataset: KaggleCall(datasets, "ListTreeDatasetFiles", base(handle) + rest)
        case .competition: KaggleCall(competitions, "ListDataTreeFiles", base(handle) + rest)
        case .notebook: nil
        }
    }

    /// Asks where one file is.
    static func file(_ handle: KaggleHandle, _ path: RelativePath) -> KaggleCall {
        let all = base(handle) + version(handle)
        return switch handle.kind {
        case .model: KaggleCall(models, "DownloadModelInstanceVersion", all + [member("path", path.text)])
        case .dataset: KaggleCall(datasets, "DownloadDataset", all + [member("fileName", path.text)])
        case .competition: KaggleCall(competitions, "DownloadDataFile", all + [member("fileName", path.text)])
        case .notebook: KaggleCall(kernels, "DownloadKernelOutput", all + [member("filePath", path.text)])
        }
    }

    /// Asks where the archive of all files is.
    static func archive(_ handle: KaggleHandle) -> KaggleCall {
        let all = base(handle) + version(handle)
        return switch handle.kind {
        case .model: KaggleCall(models, "DownloadModelInstanceVersion", all)
        case .dataset: KaggleCall(datasets, "DownloadDataset", all)
        case .competition: KaggleCall(competitions, "DownloadDataFiles", all)
        case .notebook: KaggleCall(kernels, "DownloadKernelOutput", all)
        }
    }

    /// Exchanges the token that `kaggle auth login` keeps for one that calls are made with (kagglesdk, `kaggle_creds.py`).
    static func accessToken(for refreshToken: Secret) -> KaggleCall {
        KaggleCall(
            "users.AccountService", "GenerateAccessToken",
            [
                member("refreshToken", refreshToken.reveal()), member("apiVersion", "API_VERSION_V1"),
                member("expirationDuration", "43200s"),
            ])
    }

    /// What names a handle without its version.
    static func base(_ handle: KaggleHandle) -> [JSON.Member] {
        let parts = handle.parts
        switch handle.kind {
        case .model where parts.count == 4:
            return [
                member("ownerSlug", parts[0]), member("modelSlug", parts[1]),
                member("framework", KaggleFramework.name(of: parts[2])), member("instanceSlug", parts[3]),
            ]
        case .model: return []
        case .dataset: return [member("ownerSlug", parts.first), member("datasetSlug", parts.last)]
        case .competition: return [member("competitionName", parts.first)]
        case .notebook: return [member("ownerSlug", parts.first), member("kernelSlug", parts.last)]
        }
    }

    private static func version(_ handle: KaggleHandle) -> [JSON.Member] {
        guard let version = handle.version else { return [] }
        return [
            JSON.Member(handle.kind == .dataset ? "datasetVersionNumber" : "versionNumber", .integer(version))
        ]
    }

    private static func member(_ name: String, _ value: String?) -> JSON.Member {
        JSON.Member(name, .string(value ?? ""))
    }
}
