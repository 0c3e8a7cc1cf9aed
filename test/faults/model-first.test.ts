import { modelShard } from './model-shard.ts'

modelShard(0, 2)
