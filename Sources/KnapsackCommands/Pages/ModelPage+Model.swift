import Formats
import Manifests
import ModelFiles
import Reports

extension TensorRecord {
    /// What a header states of a tensor.
    init(_ tensor: TensorModel.Tensor) {
        self.init(name: tensor.name, type: tensor.type.name, shape: tensor.shape, bytes: tensor.bytes)
    }
}

extension ModelPage {
    /// The page about a model whose headers were read.
    init(_ model: TensorModel, _ findings: [Diagnostic]) {
        var tensors = [[TensorRecord]](repeating: [], count: model.paths.count)
        for tensor in model.tensors { tensors[tensor.file].append(TensorRecord(tensor)) }
        // A name of the machine's directories would make the page another one on another machine.
        let files = zip(zip(model.paths, model.sizes), tensors).map { file, tensors in
            File(name: Path.name(file.0), size: file.1, tensors: tensors)
        }
        self.init(
            name: Path.name(model.path), format: InspectReport.format(of: model), files: files,
            metadata: InspectReport(model).metadataTexts, findings: findings, version: Knapsack.version)
    }
}
