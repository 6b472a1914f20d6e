// Numbered modules: the default ids depend on the folder of the build, and the bundle is committed.
module.exports = { optimization: { moduleIds: 'natural', chunkIds: 'natural' } };
