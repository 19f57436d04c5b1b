/** When an asset schedule is ready: its condition over the assets that have events waiting. */
import { type AssetCondition, type AssetKey, type AssetUse, DEFAULT_GROUP } from './asset-spec.ts';

/** An asset that has an event waiting, with the aliases that led to it. */
export interface WaitingAsset {
  readonly name: string;
  readonly uri: string;
  readonly aliases: readonly string[];
}

export interface Readiness {
  readonly isReady: boolean;
  /** Leaves that have an event, of all leaves: "2 of 3". */
  readonly ready: number;
  readonly total: number;
}

export function isKeyOf(key: AssetKey, asset: { readonly name: string; readonly uri: string }): boolean {
  return (key.name === undefined || key.name === asset.name) && (key.uri === undefined || key.uri === asset.uri);
}

export function isUseOf(use: AssetUse, asset: WaitingAsset): boolean {
  return 'alias' in use ? asset.aliases.includes(use.alias) : isKeyOf(use.asset, asset);
}

/** Each use once, in the author's order. */
export function usesOf(condition: AssetCondition): readonly AssetUse[] {
  const uses = new Map<string, AssetUse>();
  const visit = (part: AssetCondition): void => {
    if ('all' in part) for (const inner of part.all) visit(inner);
    else if ('any' in part) for (const inner of part.any) visit(inner);
    else uses.set(JSON.stringify(part), part);
  };
  visit(condition);
  return [...uses.values()];
}

export function isMet(condition: AssetCondition, waiting: readonly WaitingAsset[]): boolean {
  if ('all' in condition) return condition.all.every((part) => isMet(part, waiting));
  if ('any' in condition) return condition.any.some((part) => isMet(part, waiting));
  return waiting.some((asset) => isUseOf(condition, asset));
}

export function readinessOf(condition: AssetCondition, waiting: readonly WaitingAsset[]): Readiness {
  const uses = usesOf(condition);
  return {
    isReady: isMet(condition, waiting),
    ready: uses.filter((use) => waiting.some((asset) => isUseOf(use, asset))).length,
    total: uses.length,
  };
}

/** The condition as people read it: "orders and (customers or returns)". */
export function wordsOf(condition: AssetCondition): string {
  const inner = (part: AssetCondition): string => {
    const words = wordsOf(part);
    return ('all' in part && part.all.length > 1) || ('any' in part && part.any.length > 1) ? `(${words})` : words;
  };
  if ('all' in condition) return condition.all.map(inner).join(' and ');
  if ('any' in condition) return condition.any.map(inner).join(' or ');
  return 'alias' in condition ? `alias ${condition.alias}` : nameOf(condition.asset);
}

export function nameOf(key: AssetKey): string {
  return key.name ?? key.uri ?? DEFAULT_GROUP;
}
