/** Writes a `.gz` and a `.br` beside every text asset of the build, so that the server never compresses by itself. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(html|js|css|svg|json|webmanifest)$/;

export function precompress(): Plugin {
  let out = "";
  return {
    name: "precompress",
    apply: "build",
    configResolved(config) {
      out = config.build.outDir;
    },
    async writeBundle() {
      const files = await readdir(out, { recursive: true });
      await Promise.all(files.filter((file) => TEXT.test(file)).map((file) => compress(join(out, file))));
    },
  };
}

async function compress(path: string): Promise<void> {
  const raw = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
  };
  await writeFile(`${path}.gz`, await promisify(gzip)(raw, { level: constants.Z_BEST_COMPRESSION }));
  await writeFile(`${path}.br`, await promisify(brotliCompress)(raw, { params }));
}
